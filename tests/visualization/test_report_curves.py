import numpy as np

from egoexo.visualization.report_curves import compare_curve_parts, curve_parts
from egoexo.visualization.report_parts import Heading
from egoexo.visualization.report_run import Run

HEADINGS = [Heading('one', '#ff0000'), Heading('two', '#0000ff', 'dashed')]


def run(num=3, val=True, **train):
    steps = [{'step': step, 'lr': 0.1} | {key: value / step for key, value in train.items()}
             for step in range(1, num + 1)]
    checks = [{'step': step, 'ego_val/F1@50': 10.0 * step, 'mIoU': 0.5, 'note': 'x'} for step in (1, 2)]
    return Run(None, 'x', train_log=steps, val_log=checks if val else [])


def lines(part):
    return {line.get_gid(): line for line in part.figure.axes[0].lines if line.get_gid()}


def test_curves_of_one_run():
    loss, f1 = curve_parts(run(loss=8.0, loss_ce=4.0), ('F1@50', 'Avg'))
    assert set(lines(loss)) == {'loss', 'loss_ce'}
    np.testing.assert_array_equal(lines(f1)['ego_val'].get_ydata(), [10, 20])
    assert f1.name == 'validation_F1@50'


def test_unknown_benchmark_shows_every_validation_metric():
    parts = list(curve_parts(run(loss=8.0), ()))
    assert [part.title for part in parts] == ['Loss', 'F1@50', 'mIoU']


def test_nothing_logged():
    texts = [part.text for part in curve_parts(run(val=False), ('F1@50',))]
    assert texts == ['No loss was logged in this folder.', 'No validation was logged in this folder.']


def test_runs_share_an_axes():
    loss, f1, note = compare_curve_parts([run(loss=8.0, loss_ce=4.0), run(0, loss=8.0)], HEADINGS, ('F1@50',))
    assert set(lines(loss)) == {'one'}
    assert {name: (line.get_color(), line.get_linestyle()) for name, line in lines(f1).items()} == {
        'one': ('#ff0000', '-'), 'two': ('#0000ff', '--')}
    assert f1.title == 'ego_val/F1@50'
    assert note.text == 'No training log: two.'


def test_first_loss_stands_for_a_run_without_a_sum():
    loss, *_ = compare_curve_parts([run(loss_a=8.0, loss_b=1.0), run(loss=1.0)], HEADINGS, ('F1@50',))
    assert lines(loss)['one'].get_ydata()[0] == 8


def test_long_logs_are_thinned_and_nan_is_left_out():
    long = run(20_000, loss=8.0)
    long.train_log[7]['loss'] = float('nan')
    loss = next(compare_curve_parts([long, run(5, loss=1.0)], HEADINGS, ('F1@50',)))
    assert max(len(line.get_xdata()) for line in loss.figure.axes[0].lines) == 400
    assert loss.figure.axes[0].get_yscale() == 'log'
    assert len(loss.content) < 150_000
