"""Lines of scores by object size."""

from itertools import pairwise

import pytest

from egoexo.visualization.object_size import draw_object_size


def records(protocol: str = 'official', subset: str = 'ego2exo_val', frames: int = 1200) -> list[dict]:
    return [{'protocol': protocol, 'subset': subset, 'bins': bins, 'low': low, 'high': high, 'frames': frames + place,
             'iou': 0.2 + 0.1 * place, 'contour_acc': 0.9 - 0.1 * place, 'location_error': 0.1, 'visible_recall': 1.0}
            for bins, edges in (('edges', (0.5, 1.0, 2.5, 5.0)), ('quantiles', (0.61, 1.2, 4.0)))
            for place, (low, high) in enumerate(pairwise(edges))]


def test_lines_and_labels() -> None:
    figure = draw_object_size(records() + records(subset='exo2ego_val', frames=70)[1:], title='head')
    for axes, name in zip(figure.axes, ('iou', 'contour_acc'), strict=True):
        lines = {line.get_gid(): line for line in axes.lines if line.get_gid()}
        assert list(lines) == ['official/ego2exo_val', 'official/exo2ego_val']
        assert lines['official/ego2exo_val'].get_ydata().tolist() == [row[name] for row in records()[:3]]
        assert lines['official/exo2ego_val'].get_xdata().tolist() == [1, 2]
        assert [text.get_text() for text in axes.get_xticklabels()] == [
            '0.5–1\n1,200', '1–2.5\n1,201 | 71', '2.5–5\n1,202 | 72']
        assert axes.get_ylim() == (0, 1)
    assert 'head' in [text.get_text() for text in figure.texts]


def test_quantiles() -> None:
    figure = draw_object_size(records(), bins='quantiles')
    assert [text.get_text().split('\n')[0] for text in figure.axes[0].get_xticklabels()] == ['0.61–1.2', '1.2–4']


def test_many_lines_leave_the_counts_out() -> None:
    figure = draw_object_size([row for number in range(9) for row in records(f'p{number}', frames=100 * number)])
    assert len(figure.axes[0].lines) == 9
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ['0.5–1', '1–2.5', '2.5–5']
    assert figure.axes[0].get_xlabel() == 'object in percent of the picture'


def test_equal_lines_stay_visible() -> None:
    figure = draw_object_size(records() + records('registered'))
    first, second = figure.axes[0].lines
    assert first.get_linewidth() > second.get_linewidth() and first.get_markersize() > second.get_markersize()


def test_every_label_is_inside_of_the_figure() -> None:
    figure = draw_object_size(records() + records('registered', 'exo2ego_val', 70), title='head')
    figure.canvas.draw()
    whole = figure.get_tightbbox()
    assert whole.x0 >= 0 and whole.y0 >= 0
    assert whole.x1 <= figure.get_figwidth() and whole.y1 <= figure.get_figheight()


@pytest.mark.parametrize('bins', ['edges', 'x'])
def test_nothing_to_draw(bins: str) -> None:
    with pytest.raises(ValueError, match=f"needs at least one record with bins '{bins}', got none."):
        draw_object_size([] if bins == 'edges' else records(), bins=bins)
