import json
import zipfile

import numpy as np
import pytest

from egoexo.errors import ConfigError, PredictionError
from egoexo.formats.epic_submission import check_submission, read_submission, write_submission

IDS = ['P90_01_0', 'P91_101_10']
RNG = np.random.default_rng(0)
VERB, NOUN = (RNG.standard_normal((2, width)).astype(np.float32) for width in (97, 300))


def expected_text(**levels):
    results = {name: {task: {str(number): float(value) for number, value in enumerate(scores[row])}
                      for task, scores in (('verb', VERB), ('noun', NOUN))} for row, name in enumerate(IDS)}
    return json.dumps({'version': '0.2', 'challenge': 'action_recognition', **levels, 'results': results})


def test_content_to_the_last_character(tmp_path):
    path = tmp_path / 'new' / 'submission.zip'
    write_submission(path, IDS, VERB, NOUN)
    with zipfile.ZipFile(path) as archive:
        member, = archive.infolist()
        assert (member.filename, member.compress_type, member.date_time[:3]) == (
            'test.json', zipfile.ZIP_DEFLATED, (1980, 1, 1))
        assert archive.read(member).decode() == expected_text(sls_pt=2, sls_tl=3, sls_td=4)


def test_the_same_scores_give_the_same_bytes(tmp_path):
    paths = [tmp_path / f'{number}.zip' for number in range(2)]
    for path in paths:
        write_submission(path, IDS, VERB, NOUN, sls_pt=0, sls_tl=5, sls_td=1)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_what_is_written_can_be_read(tmp_path):
    write_submission(tmp_path / 'a.zip', IDS, VERB, NOUN)
    scores = read_submission(tmp_path / 'a.zip')
    assert scores.ids == IDS
    np.testing.assert_array_equal(scores.verb, VERB.astype(np.float64))
    np.testing.assert_array_equal(scores.noun, NOUN.astype(np.float64))


def test_other_numbers_of_classes(tmp_path):
    write_submission(tmp_path / 'a.zip', IDS, np.array([[1, 2], [3, 4]]), NOUN[:, :3], num_classes=(2, 3))
    assert read_submission(tmp_path / 'a.zip').verb.tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize('level', [-1, 6, '2', True, 2.5])
def test_levels_of_supervision(tmp_path, level):
    with pytest.raises(ConfigError, match='sls_tl: expected a level of supervision from 0 to 5, found'):
        write_submission(tmp_path / 'a.zip', IDS, VERB, NOUN, sls_tl=level)
    assert not list(tmp_path.iterdir())


def test_all_problems_are_counted():
    verb = VERB[[0, 1, 1]].copy()
    verb[1, 4], verb[2, 4] = np.nan, np.inf
    with pytest.raises(PredictionError, match=(
            r'^a.pt: expected finite scores of 97 verbs and 300 nouns for 3 segments, found 1 twice \(P90_01_0\); '
            r'2 missing \(P92_1, P92_2\); 1 of no segment of the list \(P91_101_10\); '
            r'2 with a verb score of NaN or infinity \(P91_101_10, P90_01_0\); 299 noun classes in place of 300. '
            r'Predict the whole test list again, and nothing else.$')):
        check_submission([*IDS, IDS[0]], verb, NOUN[[0, 1, 1], :299], [IDS[0], 'P92_1', 'P92_2'], where='a.pt')


@pytest.mark.parametrize(('args', 'message'), [
    (([], VERB[:0], NOUN[:0]), 'found no segment'), ((IDS, VERB[:1], NOUN), r'shape \(1, 97\) for 2 segments'),
    ((IDS, VERB, NOUN[0]), r'noun scores of the shape \(300,\)'), (([IDS[0]] * 2, VERB, NOUN), '1 twice')])
def test_wrong_shapes_are_not_written(tmp_path, args, message):
    with pytest.raises(PredictionError, match=message):
        write_submission(tmp_path / 'a.zip', *args)
    assert not list(tmp_path.iterdir())


def pack(path, text, name='test.json'):
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr(name, text)
    return path


SOUND = {'version': '0.2', 'challenge': 'action_recognition', 'sls_pt': 2, 'sls_tl': 3, 'sls_td': 4,
         'results': {'a': {'verb': {'0': 1, '1': 2.5}, 'noun': {'0': 0.5}}}}


def changed(**parts):
    return json.dumps(SOUND | {'results': SOUND['results'] | parts})


def test_small_sound_file(tmp_path):
    scores = read_submission(pack(tmp_path / 'a.zip', json.dumps(SOUND)))
    assert (scores.ids, scores.verb.tolist(), scores.noun.tolist()) == (['a'], [[1.0, 2.5]], [[0.5]])


@pytest.mark.parametrize(('text', 'message'), [
    ('[]', "expected the challenge 'action_recognition' and its results, found a list"),
    (json.dumps(SOUND | {'challenge': 'action_detection'}), "the challenge 'action_recognition'"),
    (json.dumps(SOUND | {'results': {}}), 'and its results, found none'), ('{', 'cannot be read'),
    (json.dumps(SOUND).replace('2.5', 'NaN'), 'the number NaN'), ('[' * 100_000, 'nested a thousand deep'),
    (changed(b={'verb': {'0': 1}, 'noun': {'0': 1}}), 'test.json b: expected numbers for the classes 0 to 1'),
    (changed(b={'verb': {'0': 1, '2': 1}, 'noun': {'0': 1}}), 'classes 0 to 1'),
    (changed(b={'verb': {'0': 1, '1': '1'}, 'noun': {'0': 1}}), 'classes 0 to 1'),
    (changed(b={'verb': {'0': 1, '1': True}, 'noun': {'0': 1}}), 'classes 0 to 1'),
    (changed(b={'verb': {'0': 1, '1': 1}}), 'test.json b: expected scores called verb and noun'),
    (changed(a=3), 'scores called verb and noun'),
    (changed(a={'verb': [1], 'noun': 3}), 'test.json a: expected a number for each class')])
def test_other_content_is_refused(tmp_path, text, message):
    with pytest.raises(PredictionError, match=message):
        read_submission(pack(tmp_path / 'a.zip', text))


def test_other_archives_are_refused(tmp_path):
    with pytest.raises(PredictionError, match='a zip archive with test.json alone, found result.json'):
        read_submission(pack(tmp_path / 'a.zip', '{}', 'result.json'))
    (tmp_path / 'b.zip').write_bytes(b'PK')
    with pytest.raises(PredictionError, match='b.zip: expected .* found one that cannot be read'):
        read_submission(tmp_path / 'b.zip')
    with pytest.raises(PredictionError, match='does not exist'):
        read_submission(tmp_path / 'c.zip')
