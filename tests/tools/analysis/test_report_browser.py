"""The report as a browser shows it: the numbers are there, nothing is fetched, nothing is written over another."""

import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from report_support import make_run, make_runs

from egoexo.visualization.report import write_comparison, write_report

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
# A proxy that does not exist: whatever is fetched fails, and the failure is in the log.
FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync', '--disable-quic', '--hide-scrollbars',
         '--proxy-server=127.0.0.1:9', '--enable-logging=stderr', '--v=0']
# Appended to a copy of the page: writes into the document what a test wants to know of its layout.
PROBE = '''<pre id="probe"></pre><script>
document.querySelectorAll('details').forEach(d => d.open = true);
const width = document.documentElement.clientWidth, out = [];
if (document.documentElement.scrollWidth > width) out.push('page is ' + document.documentElement.scrollWidth + ' wide');
document.querySelectorAll('main *, header *').forEach(e => {
  if (e.closest('.scroll') || e.closest('pre')) return;
  const box = e.getBoundingClientRect();
  if (box.width > 0 && box.right > width + 1) out.push('sticks out: ' + e.tagName + ' ' + e.textContent.slice(0, 40));
});
document.querySelectorAll('img').forEach(e => { if (!e.naturalWidth) out.push('broken picture: ' + e.alt); });
document.querySelectorAll('section > *').forEach(e => {
  const next = e.nextElementSibling;
  if (next && next.getBoundingClientRect().top < e.getBoundingClientRect().bottom - 1)
    out.push('overlap: ' + e.textContent.slice(0, 40));
});
document.getElementById('probe').textContent = 'PROBE ' + width + ' [' + out.join('; ') + ']';
</script>'''


@pytest.fixture(scope='module', autouse=True)
def needs_a_browser():
    if CHROMIUM is None:
        reason = 'needs a chromium on the PATH (Debian: apt-get install chromium)'
        pytest.fail(reason) if os.environ.get('EGOEXO_REQUIRE_BROWSER') == '1' else pytest.skip(reason)


@pytest.fixture(scope='module', params=['single', 'comparison'])
def page(request, tmp_path_factory):
    """A finished page, and the same with the probe."""
    folder = tmp_path_factory.mktemp(request.param)
    path = write_report(make_run(folder)) if request.param == 'single' else write_comparison(make_runs(folder))
    text = path.read_text(encoding='utf-8')
    (path.parent / 'probed.html').write_text(text.replace('</body>', PROBE + '</body>'), encoding='utf-8')
    return path


def browse(path, profile, *arguments):
    found = subprocess.run([CHROMIUM, *FLAGS, f'--user-data-dir={profile}', *arguments, f'file://{path}'],
                           capture_output=True, text=True, timeout=120, check=True)
    return found.stdout, found.stderr


def test_text_is_there_and_nothing_is_fetched(page, tmp_path):
    dom, log = browse(page, tmp_path / 'profile', '--dump-dom')
    # The exit code is 0 for a missing page too.
    wanted = ['54.12', '51.5 to 57.5', 'e-broken.pt is truncated'] if page.name == 'report.html' else [
        '76.25', '+27.5 [-10.0, +65.0]', 'best-s0', 'Where the runs disagree most']
    for text in (*wanted, 'Scores', 'python tools/train.py my_config.py --amp'):
        assert text in dom
    assert re.findall(r'CONSOLE.*', log) == []
    assert re.findall(r'ERR_[A-Z_]+', log) == []
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*', dom) == []


@pytest.mark.parametrize('width', [1200, 500])  # headless chromium makes no narrower window
def test_nothing_sticks_out_or_overlaps(page, tmp_path, width):
    dom, _ = browse(page.parent / 'probed.html', tmp_path / 'profile', '--dump-dom', f'--window-size={width},2000')
    assert re.search(r'PROBE (\d+) (\[.*?\])<', dom).groups() == (str(width), '[]')


@pytest.mark.parametrize('width', [1200, 500])
def test_screenshot_is_not_blank(page, tmp_path, width):
    shot = tmp_path / 'shot.png'
    browse(page, tmp_path / 'profile', f'--screenshot={shot}', f'--window-size={width},3000')
    picture = np.asarray(Image.open(shot).convert('L'))
    assert picture.shape == (3000, width)
    assert len(np.unique(picture)) > 100
    # Something is drawn in every part of the page: no band of 500 lines is of one grey.
    assert all(np.unique(picture[top:top + 500]).size > 10 for top in range(0, 3000, 500))
