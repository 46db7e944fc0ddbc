import pytest

from egoexo.visualization.fit_text import cut_text, text_width, wrap_text


def test_width_grows_with_size_and_weight():
    assert text_width('Cut tomato', 14) == pytest.approx(2 * text_width('Cut tomato', 7), rel=0.05)
    assert text_width('Cut tomato', 7, 'bold') > text_width('Cut tomato', 7)


def test_cut_text_keeps_what_fits():
    room = text_width('Prepare g…', 6)
    assert cut_text('Prepare green vegetable', room, 6) == 'Prepare g…'
    assert cut_text('Prepare', room, 6) == 'Prepare'
    assert cut_text('Prepare', 0.01, 6) == 'P…'
    assert text_width(cut_text('Prepare green vegetable', 0.5, 6), 6) <= 0.5


@pytest.mark.parametrize(('text', 'expected'), [
    ('Cut meat', 'Cut meat'), ('Prepare green vegetable', 'Prepare\ngreen\nvegetable'),
    ('Clean utensil/hand', 'Clean\nutensil/\nhand')])
def test_wrap_text_breaks_at_spaces_and_slashes(text, expected):
    assert wrap_text(text, text_width('vegetable', 6) + 0.01, 6) == expected


def test_wrap_text_cuts_the_last_line():
    lines = wrap_text('one two three four five', text_width('three', 6), 6, max_lines=2).split('\n')
    assert lines[0] == 'one'
    assert lines[1].startswith('tw')
    assert lines[1].endswith('…')
