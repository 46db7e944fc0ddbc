import html
import json
import re

import pytest
from report_support import make_metrics, make_run, make_runs

from egoexo.visualization.report import write_comparison, write_report


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
    'backbone i3d_rgb, feature_fps 25.0, dim 1024', 'ego_val/e-left-out', 'Worst videos', 'Best videos', 'abc1234',
    'e-broken.pt is truncated', 'list missing, skipped', "25 % of the frames are 'background' taken for"])
def test_what_ran_is_printed(page, wanted):
    assert wanted in visible(page)


def assert_no_network(page):
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page) == []
    assert not re.search(r'@import|url\(\s*["\']?(?!#)', page)
    assert '<script' not in page


def test_page_needs_no_network(page):
    assert_no_network(page)


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
    evil = '<script>alert(1)</script> & "ünï \u202e'
    entry = {'tool': 'train', 'command': evil, 'started': evil, 'status': 'failed', 'error': evil, 'message': evil}
    (work_dir / 'command.json').write_text(json.dumps([entry]))
    (work_dir / 'inputs.json').write_text(json.dumps({evil: {'lists': [{'subset': evil, 'left_out': {evil: [evil]}}]}}))
    (work_dir / 'scalars.json').write_text(json.dumps({'metrics': {evil: 1.0}, 'protocols': {evil: evil}}))
    log = work_dir / '20260101_120000/vis_data/scalars.json'
    log.write_text(json.dumps({'loss': 1, f'{evil}loss': 1, 'step': 1}))
    (work_dir / 'predictions.npz').unlink()
    page = write_report(work_dir, tmp_path / 'out' / 'page.html').read_text()
    assert '<script' not in page
    assert page.count('&lt;script&gt;alert(1)') >= 9
    assert 'ünï' in page


def test_failed_run_is_told_loudly_with_the_way_on(tmp_path):
    work_dir = make_run(tmp_path)
    entry = {'tool': 'train', 'command': 'python tools/train.py a.py', 'started': 'noon', 'status': 'failed',
             'error': 'FeatureError', 'message': '3 of 9 samples cannot be used'}
    (work_dir / 'command.json').write_text(json.dumps([entry]))
    (work_dir / 'predictions.npz').unlink()
    page = write_report(work_dir).read_text()
    assert page.index('role="alert"') < page.index('<section')
    assert 'FAILED with FeatureError: 3 of 9 samples cannot be used' in visible(page)
    assert 'python tools/train.py a.py --resume' in visible(page)


def test_run_of_an_unknown_benchmark_has_the_general_chapters(tmp_path):
    work_dir = make_run(tmp_path)
    for path in (work_dir / 'my_config.py', work_dir / '20260101_120000/vis_data/config.py'):
        path.write_text("test_evaluator = dict(type='CocoMetric')\ntest_dataloader = dict(dataset=[1, 'odd'])\n")
    (work_dir / 'scalars.json').write_text('{"coco/bbox_mAP": 0.03125, "AR@5": 2}')
    text = visible(write_report(work_dir).read_text())
    for wanted in ('coco/bbox_mAP', '0.03125', 'AR@5', 'Training', 'F1@50 of every validation', 'e-broken.pt is',
                   'my_config.py --amp'):
        assert wanted in text


def test_half_a_run_makes_a_page(tmp_path):
    work_dir = make_run(tmp_path)
    for name in ('scalars.json', 'command.json', 'predictions.npz', 'inputs.json'):
        path = work_dir / name
        path.write_bytes(path.read_bytes()[:len(path.read_bytes()) // 2])
    log = work_dir / '20260101_120000/vis_data/scalars.json'
    log.write_bytes(log.read_bytes()[:150])
    text = visible(write_report(work_dir).read_text())
    assert 'Damaged and left out of this page:' in text
    for name in ('scalars.json', 'command.json', 'predictions.npz', 'inputs.json', 'vis_data/scalars.json'):
        assert re.search(rf'{name}[^:]*(:|cannot be read|were left out)', text), name
    assert 'No metrics were found' in text


def test_empty_folder_makes_a_page_that_says_so(tmp_path):
    text = visible(write_report(tmp_path).read_text())
    for sentence in ('Not in this folder:', 'No training log', 'No config', 'No text log', 'No scalars.json',
                     'No predictions.npz', 'No command.json', 'No metrics were found', 'No loss was logged',
                     'No inputs.json'):
        assert sentence in text


def test_unknown_benchmark(tmp_path):
    with pytest.raises(ValueError, match="benchmark 'cooking' has no report; known: segmentation"):
        write_report(tmp_path, benchmark='cooking')


@pytest.fixture(scope='module')
def comparison(tmp_path_factory):
    folders = make_runs(tmp_path_factory.mktemp('runs'))
    path = write_comparison(folders)
    assert path == folders[0].parent / 'comparison.html'
    return path.read_text(encoding='utf-8')


@pytest.mark.parametrize('wanted', [
    '3 runs side by side: base-s0, base-s1, best-s0', 'best F1@50, ego_val', '+27.5 [-10.0, +65.0]',
    'Mean and standard deviation over seeds', '76.25', 'optim_wrapper.lr', 'Where the runs disagree most',
    'ego_val/e-bad', 'Features for train, test', 'Commands of best-s0', '8 of 9', 'Each run', 'Worst videos'])
def test_runs_are_side_by_side(comparison, wanted):
    assert wanted in visible(comparison)


def test_comparison_needs_no_network_and_its_links_lead_somewhere(comparison):
    assert_no_network(comparison)
    ids = re.findall(r'<(?:section|details)[^>]* id="([^"]+)"', comparison)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<a href="#([^"]+)">', comparison)) <= set(ids)
    assert {'run-1', 'run-3', 'run-2-scores', 'runs', 'each-run'} <= set(ids)
    clips = re.findall(r'<clipPath id="([^"]+)"', comparison)
    assert len(clips) == len(set(clips))  # a clip path of another figure would cut this one


def test_comparison_with_an_empty_and_a_foreign_folder(tmp_path):
    run = make_run(tmp_path)
    (tmp_path / 'empty').mkdir()
    (run / 'predictions.npz').unlink()
    foreign = tmp_path / 'foreign'
    foreign.mkdir()
    (foreign / 'scalars.json').write_text('{"coco/bbox_mAP": 0.25')
    text = visible(write_comparison([run, tmp_path / 'empty', foreign], tmp_path / 'page.html').read_text())
    assert 'foreign: ' in text and 'not valid JSON' in text
    assert 'The runs are of different benchmarks' in text
    assert '50.12' in text
    with pytest.raises(ValueError, match='at least two work directories, got 1'):
        write_comparison([run])
