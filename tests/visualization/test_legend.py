import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from egoexo.visualization.legend import LEGEND_LINE, draw_legend, layout_legend
from egoexo.visualization.palette import class_color

NAMES = ['background', *(f'Prepare thing {i}' for i in range(1, 12)), *(f'Cut thing {i}' for i in range(12, 19)),
         *(f'Boil thing {i}' for i in range(19, 23)), 'Deep frying', 'Stir-frying', 'Add sauce', 'Clean', 'Other']


def test_each_class_once_in_reading_order():
    entries = layout_legend(range(28), NAMES, 7.0)
    assert [entry.class_id for entry in entries if entry.class_id is not None] == [*range(1, 28), 0]
    places = [(entry.line, entry.x) for entry in entries]
    assert places == sorted(places)


@pytest.mark.parametrize('width', [2.0, 4.0, 7.0])
def test_lines_keep_the_width(width):
    figure = Figure(figsize=(width, 10))
    entries = layout_legend(range(28), NAMES, width)
    height = (1 + entries[-1].line) * LEGEND_LINE
    draw_legend(figure.add_axes((0, 0, 1, height / 10)), entries, width)
    renderer = FigureCanvasAgg(figure).get_renderer()
    right = max(text.get_window_extent(renderer).x1 for text in figure.axes[0].texts)
    assert right <= width * figure.dpi


def test_short_kinds_share_a_line():
    entries = layout_legend([12, 19, 24], NAMES, 7.0)
    assert {entry.line for entry in entries} == {0}
    assert [entry.text for entry in entries if entry.class_id is None] == ['Cut', 'Boil', 'Fry']


def test_patches_have_the_class_colours():
    figure = Figure(figsize=(7, 1))
    axes = figure.add_axes((0, 0, 1, 1))
    draw_legend(axes, layout_legend([0, 5, 24], NAMES, 7.0), 7.0)
    patches = {patch.get_gid(): patch for patch in axes.patches if isinstance(patch, Rectangle)}
    assert sorted(patches) == ['class_0', 'class_24', 'class_5']
    found = tuple(round(255 * value) for value in patches['class_24'].get_facecolor()[:3])
    assert found == tuple(bytes.fromhex(class_color(24)[1:]))


def test_list_without_kinds_starts_at_the_left():
    entries = layout_legend([0, 1], ['rest', 'walk'], 3.0)
    assert (entries[0].line, entries[0].x, entries[0].text) == (0, 0.0, '0 rest')
    assert [entry.class_id for entry in entries] == [0, 1]
