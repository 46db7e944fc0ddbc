from egoexo.visualization.report_metrics import compare_metric_parts, generic_sections, metric_parts
from egoexo.visualization.report_parts import Cell, Heading
from egoexo.visualization.report_run import Run

METRICS = {'coco/bbox_mAP': 0.25, 'coco/bbox_mAP_low': 0.125, 'coco/bbox_mAP_high': 0.5, 'alone_low': 3.0}


def test_every_metric_with_its_interval():
    table, = metric_parts(METRICS, 'Other')
    assert table.rows == [['coco/bbox_mAP', Cell(0.25, (('0.125 to 0.5', ''),))], ['alone_low', 3.0]]
    assert list(metric_parts({}, 'Other')) == []


def test_runs_side_by_side():
    headings = [Heading('one', '#000000'), Heading('two', '#111111')]
    table, = compare_metric_parts([METRICS, {'coco/bbox_mAP': 0.75, 'x': 1.0}], headings, 'All')
    assert table.columns == ('metric', *headings)
    assert table.rows == [['coco/bbox_mAP', 0.25, 0.75], ['x', None, 1.0]]
    assert list(compare_metric_parts([{}, {}], headings, 'All')) == []


def test_chapter_of_an_unknown_benchmark():
    section, = generic_sections(Run(None, 'x', metrics={'mAP': 0.5}, metrics_from='test, scalars.json'))
    assert (section.title, section.parts[0].title) == ('Scores', 'From: test, scalars.json')
    assert generic_sections(Run(None, 'x'))[0].parts[0].text.startswith('No metrics were found')
