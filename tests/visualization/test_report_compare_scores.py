import pytest

from egoexo.evaluation.functional.segmentation import VideoCounts
from egoexo.visualization.report_compare_scores import compare_score_parts, seed_parts
from egoexo.visualization.report_parts import Heading
from egoexo.visualization.report_scores import METRIC_NAMES, Score, ScoreBook

HEADINGS = [Heading(name, '#000000') for name in ('one', 'two', 'three')]


def book(acc, digest='aaa', protocol='official', counts=None, **more):
    scores = {'Acc': Score(acc, (acc - 1, acc + 1)), 'seen/Acc': Score(acc + 5)}
    return ScoreBook({protocol: {'ego_val': scores}}, {protocol: digest} if digest else {},
                     {protocol: {'ego_val': counts}} if counts else {}, {'ego_val': 2}, **more)


def rows(shares):
    return {str(place): VideoCounts(share, 100, 50.0, (1,) * 3, (0,) * 3, (0,) * 3)
            for place, share in enumerate(shares)}


def test_difference_without_predictions_has_no_interval():
    table, folded = compare_score_parts([book(50.0), book(53.5)], HEADINGS[:2])
    name, one, two = table.rows[0]
    assert (name, one.value, two.value) == ('Acc', 50.0, 53.5)
    assert (one.mark, two.mark) == ('', 'best')
    assert one.lines == [('49.0 to 51.0', '')]
    assert two.lines == [('52.5 to 54.5', ''), ('+3.5', '')]
    assert table.title == 'ego_val, 2 videos, protocol official [aaa]'
    assert folded.title.startswith('Seen and unseen tasks of ego_val')
    assert folded.rows[0][0] == 'seen/Acc'


@pytest.mark.parametrize(('second', 'line'), [
    ([60, 70], ('+10.0 [+10.0, +10.0]', 'better')), ([40, 50], ('-10.0 [-10.0, -10.0]', 'worse')),
    ([40, 80], ('+5.0 [-10.0, +20.0]', ''))])
def test_difference_with_predictions_is_paired(second, line):
    # Each run alone spreads from its first to its second video; where every video gains as much, the pair does not.
    table, _ = compare_score_parts([book(55.0, counts=rows([50, 60])), book(65.0, counts=rows(second))], HEADINGS[:2])
    assert table.rows[0][2].lines[1] == line


@pytest.mark.parametrize(('digests', 'words'), [
    (('aaa', 'aaa', 'bbb'), 'not the same rules as one (aaa), so nothing is subtracted and none is called best: '
                            'three (bbb). Score them again'),
    ((None, None, 'aaa'), 'not the same rules as one (hash not noted), so nothing is subtracted and none is called '
                          'best: two (hash not noted), three (aaa).')])
def test_other_rules_are_not_subtracted(digests, words):
    parts = list(compare_score_parts([book(50.0 + place, digest) for place, digest in enumerate(digests)], HEADINGS))
    assert words in parts[0].text
    cells = parts[1].rows[0][1:]
    assert [cell.mark for cell in cells] == ['', '', '']
    assert [len(cell.lines) for cell in cells] == ([1, 2, 1] if digests[0] else [1, 1, 1])


def test_protocol_that_the_first_run_lacks():
    parts = list(compare_score_parts([book(50.0), book(51.0, protocol='clean')], HEADINGS[:2]))
    assert 'Protocol clean: one has no scores under it' in next(
        part.text for part in parts if getattr(part, 'text', '').startswith('Protocol clean'))
    clean = parts[-2]
    assert clean.folded
    assert clean.rows[0][1].value is None
    assert clean.rows[0][2].mark == ''


def test_different_numbers_of_videos_and_notes_are_told():
    other = book(51.0, notes=['they are not of the same test'])
    other.num_videos = {}
    parts = list(compare_score_parts([book(50.0), other], HEADINGS[:2]))
    assert parts[-1].text == 'two: they are not of the same test'
    other.num_videos = {'ego_val': 3}
    parts = list(compare_score_parts([book(50.0), other], HEADINGS[:2]))
    assert parts[0].title.startswith('ego_val, videos: one 2, two 3, protocol')


def test_mean_and_deviation_over_seeds():
    table, = seed_parts([book(50.0), book(80.0), book(53.0)], [0, 1, 0], ['a', 'b', 'a'], ['0', '0', '1'])
    row, = table.rows
    assert row[:3] == ['a', '0, 1', 'ego_val']
    assert (row[3].value, row[3].lines) == (51.5, (('± 2.12', ''),))
    assert row[4:] == [None] * (len(METRIC_NAMES) - 1)
    assert list(seed_parts([book(50.0), book(80.0)], [0, 1], ['a', 'b'], ['0', '0'])) == []


def test_seeds_under_other_rules_have_no_mean():
    note, = seed_parts([book(50.0), book(80.0, 'bbb')], [0, 0], ['a', 'a'], ['0', '1'])
    assert note.text.startswith('No mean over the seeds of a: their protocol hashes differ')
