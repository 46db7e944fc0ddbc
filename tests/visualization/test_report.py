import html
import re

import pytest
from report_support import make_metrics, make_run

from egoexo.visualization.report import write_report


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    work_dir = make_run(tmp_path_factory.mktemp('run'))
    path = write_report(work_dir)
    assert path == work_dir / 'report.html'
    return path.read_text(encoding='utf-8')


def visible(page):
    """Text of the page without markup, styles and pictures."""
    page = re.sub(r'(?s)<style>.*?</style>|<svg.*?</svg>', ' ', page)
    return html.unescape(re.sub(r'\s+', ' ', re.sub(r'<[^>]+>', ' ', page)))


def test_every_metric_of_the_scores_file_is_printed(page):
    text = visible(page)
    missing = [name for name, value in make_metrics().items()
               if f'{value:.2f}' not in text and f'{value:.1f}' not in text]
    assert missing == []


@pytest.mark.parametrize('wanted', [
    'my_config', 'python tools/train.py my_config.py --amp', 'PyTorch 2.13.0+cpu', 'f00df00df00d', '51.5 to 57.5',
    'backbone i3d_rgb, feature_fps 25.0, dim 1024', 'ego_val/e-left-out', 'Worst videos', 'Best videos', 'abc1234'])
def test_what_ran_is_printed(page, wanted):
    assert wanted in visible(page)


def test_page_needs_no_network(page):
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page) == []
    assert not re.search(r'@import|url\(\s*["\']?(?!#)', page)
    assert '<script' not in page


def test_pictures_and_links(page):
    assert page.count('<img ') == 5  # three timelines, two matrices
    assert page.count('<svg') == 3  # loss, F1@50, Avg
    targets = re.findall(r'<a href="#([^"]+)">', page)
    assert len(targets) == 6
    assert all(f'<section id="{target}">' in page for target in targets)


def test_complete_run_has_no_list_of_absent_parts(page):
    assert 'Not in this folder:' not in page


def test_names_are_escaped(tmp_path):
    work_dir = make_run(tmp_path)
    (work_dir / 'unusable.txt').write_text('<script>alert(1)</script>')
    page = write_report(work_dir, tmp_path / 'out' / 'page.html').read_text()
    assert '<script' not in page
    assert '&lt;script&gt;alert(1)' in page


def test_empty_folder_makes_a_page_that_says_so(tmp_path):
    text = visible(write_report(tmp_path).read_text())
    for sentence in ('Not in this folder:', 'No training log', 'No config', 'No text log', 'No scalars.json',
                     'No predictions.npz', 'No command.json', 'No metrics were found', 'No loss was logged'):
        assert sentence in text


def test_unknown_benchmark(tmp_path):
    with pytest.raises(ValueError, match="benchmark 'cooking' has no report; known: segmentation"):
        write_report(tmp_path, benchmark='cooking')
