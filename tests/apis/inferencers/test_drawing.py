import pytest

from egoexo.apis.inferencers.drawing import results_to_draw


def test_last_results_unless_others_are_given(tmp_path):
    last, given = [{'label': 1}], [{'label': 2}]
    assert results_to_draw(None, last, tmp_path / 'a' / 'b') == (last, tmp_path / 'a' / 'b')
    assert (tmp_path / 'a' / 'b').is_dir()
    assert results_to_draw(given, last, str(tmp_path))[0] is given


@pytest.mark.parametrize('results', [None, []])
def test_nothing_to_draw(results, tmp_path):
    with pytest.raises(ValueError, match='nothing to draw: call the inferencer first, or give results'):
        results_to_draw(results, [], tmp_path / 'new')
    assert not (tmp_path / 'new').exists()
