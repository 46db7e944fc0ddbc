"""Metafiles are read strictly, and those of the repository are right."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import yaml
from tests_support import REPO

from egoexo.apis.model_card import find_card, load_cards
from egoexo.apis.weights import WeightsSource
from egoexo.errors import CheckpointError, ConfigError
from egoexo.evaluation.functional.anticipation import constant_baselines
from egoexo.evaluation.functional.segmentation import count_video, summarise
from egoexo.evaluation.protocols.segmentation import PROTOCOLS

SHA = 'a' * 64
#: What the evaluator of each benchmark gives, the only names a metafile may use.
METRICS = {'segmentation': set(summarise([count_video(np.zeros(1, int), np.zeros(1, int), PROTOCOLS['official'])])),
           'anticipation': set(constant_baselines(np.eye(6))['uniform']),
           'planning': {'1-AUED', 'AUED', *(f'ED@{step}' for step in range(1, 9))},
           'transfer': {'top1', 'top5', 'mean_class_acc'},
           'correspondence': {'iou', 'contour_acc', 'location_error', 'visibility_acc'},
           'recognition': {f'{part}_{task}_accuracy_at_{k}' for part, k in (('all', 1), ('all', 5), ('tail', 1),
                                                                            ('unseen', 1))
                           for task in ('verb', 'noun', 'action')}}


def write(root, entry=None, metafile=None):
    """A model index with one collection and one entry on top of a valid one."""
    (root / 'configs').mkdir(exist_ok=True)
    (root / 'configs' / 'm.py').write_text('')
    (root / 'model-index.yml').write_text('Import: [configs/metafile.yml]\n')
    model = {'Name': 'm', 'In Collection': 'C', 'Config': 'configs/m.py', 'Metadata': {'Features': 'I3D'}}
    content = {'Collections': [{'Name': 'C', 'Metadata': {'Parameters': 3, 'Features': 'any'}}],
               'Models': [{key: value for key, value in (model | (entry or {})).items() if value is not None}]}
    (root / 'configs' / 'metafile.yml').write_text(metafile if metafile is not None else yaml.safe_dump(content))
    return root / 'model-index.yml'


def test_card_of_a_model(tmp_path):
    results = [{'Task': 'T', 'Dataset': 'D', 'Metrics': {'Acc': 1.5}}]
    weights = {'URL': 'https://h/a', 'SHA256': SHA.upper()}
    card = load_cards(write(tmp_path, {'Results': results, 'Weights': weights}))['m']
    assert card.config == tmp_path / 'configs' / 'm.py' and card.collection == 'C' and card.results == results
    assert card.metadata == {'Parameters': 3, 'Features': 'I3D'}
    assert card.weights == WeightsSource('published', 'https://h/a', SHA)


@pytest.mark.parametrize(('entry', 'expected'), [
    ({}, None),
    ({'Made By': 'make mini'}, WeightsSource('made', made_by='make mini')),
    ({'Converted From': {'Family': 'segmentation', 'SHA256': SHA, 'Note': 'n'}},
     WeightsSource('converted', None, SHA, 'segmentation', note='n')),
])
def test_weights_of_a_card(tmp_path, entry, expected):
    assert load_cards(write(tmp_path, entry))['m'].weights == expected


@pytest.mark.parametrize(('entry', 'words'), [
    ({'Name': None}, 'expected a Name, found None'),
    ({'Nmae': 'x'}, 'expected fields among .*, found Nmae'),
    ({'Config': 'configs/none.py'}, "expected a Config that exists, found 'configs/none.py'"),
    ({'Config': '../outside.py'}, 'expected a Config that exists'),
    ({'In Collection': 'D'}, "expected In Collection among C, found 'D'"),
    ({'Metadata': 3}, 'expected a mapping as Metadata, found 3'),
    ({'Results': [{'Task': 'T', 'Dataset': 'D', 'Metrics': {'Acc': 'high'}}]}, 'expected Results with Task'),
    ({'Results': [{'Task': 'T', 'Metrics': {'Acc': 1}}]}, 'expected Results with Task, Dataset and Metrics'),
    ({'Weights': 'https://h/a'}, "expected Weights with SHA256, URL as text, found 'https://h/a'"),
    ({'Weights': {'URL': 'https://h/a'}}, 'expected Weights with SHA256, URL as text'),
    ({'Weights': {'URL': 'https://h/a', 'SHA256': 'abc'}}, "expected a sha256 of 64 hexadecimal digits, found 'abc'"),
    ({'Converted From': {'Family': 'x', 'SHA256': SHA}}, "expected a Family among segmentation.*, found 'x'"),
    ({'Made By': ''}, 'expected a command under Made By'),
    ({'Made By': 'make', 'Weights': {'URL': 'https://h/a', 'SHA256': SHA}},
     'expected one of Weights, Converted From, Made By, found Weights and Made By'),
])
def test_wrong_entries_are_named(tmp_path, entry, words):
    with pytest.raises(ConfigError, match=f"metafile.yml entry .*: {words}"):
        load_cards(write(tmp_path, entry))


@pytest.mark.parametrize(('metafile', 'words'), [
    ('Models: [', 'metafile.yml: expected valid YAML, found .*line 1'),
    ('- 1', 'metafile.yml: expected a mapping, found list'),
    ('Models: {}', 'expected a list of dict under Models, found {}'),
    ('Models: !!python/object/apply:os.system [ls]', 'expected valid YAML, found could not determine a constructor'),
])
def test_damaged_metafiles(tmp_path, metafile, words):
    with pytest.raises(ConfigError, match=words):
        load_cards(write(tmp_path, metafile=metafile))


def test_index_stays_below_its_folder_and_names_are_unique(tmp_path):
    index = write(tmp_path)
    index.write_text('Import: [../other.yml]')
    with pytest.raises(ConfigError, match='expected files below the index, found ../other.yml'):
        load_cards(index)
    index.write_text('Import: [configs/metafile.yml, configs/metafile.yml]')
    with pytest.raises(ConfigError, match='expected one entry per name, found m twice'):
        load_cards(index)


def test_unknown_name():
    with pytest.raises(ConfigError, match=r"There is no model 'mstcn_i3d_egoexolearn-exo2eggo'. "
                                          r'Nearest: mstcn_i3d_egoexolearn-exo2ego, .*list_models\(\)'):
        find_card('mstcn_i3d_egoexolearn-exo2eggo')


def test_model_without_weights_says_what_to_do():
    with pytest.raises(CheckpointError, match=re.escape(
            'mstcn_i3d_egoexolearn-ego: expected weights in its model card, found none, since none are published. '
            'Train it: python tools/train.py configs/segmentation/mstcn_i3d_egoexolearn-ego.py, or convert an official '
            'checkpoint with tools/convert_checkpoint.py, and give the file. mini_mstcn_i3d_egoexolearn-ego is a small '
            'one made by `make mini`.')):
        find_card('mstcn_i3d_egoexolearn-ego').fetch_weights()


def test_cards_carry_the_names_of_their_configs_and_collections_their_readme():
    # That every config has a card is tested with the packaging.
    assert all(card.config == REPO / 'configs' / card.benchmark / f'{card.name}.py' for card in load_cards().values())
    for metafile in sorted((REPO / 'configs').glob('*/metafile.yml')):
        for collection in yaml.safe_load(metafile.read_text())['Collections']:
            assert (REPO / collection['README']).is_file() and (REPO / collection['Code']).is_file()
            assert all(urlsplit(paper['URL']).scheme == 'https' for paper in collection['Paper'])


def made_by_mini(benchmark):
    """Configs of which ``make mini`` leaves a checkpoint."""
    plan = yaml.safe_load((REPO / 'configs' / benchmark / 'mini.yml').read_text())
    runs = plan['runs'] | plan.get('zoo_runs', {})
    return {Path(file).stem for name, file in runs.items() if name not in plan.get('unpublished', ())}


@pytest.mark.parametrize('card', load_cards().values(), ids=lambda card: card.name)
def test_cards_of_the_repository(card):
    assert {'Training Data', 'Features', 'Architecture', 'Parameters'} <= set(card.metadata)
    for result in card.results:
        assert set(result['Metrics']) <= METRICS[card.benchmark]
        assert all(0 <= value <= 100 for value in result['Metrics'].values())
        assert result['Dataset'].split(' ')[0] == card.metadata['Training Data']
    weights = card.weights
    assert (weights is not None and weights.made_by == 'make mini') == (card.name in made_by_mini(card.benchmark))
    if weights is not None and weights.url is not None:
        assert urlsplit(weights.url).scheme == 'https' and re.fullmatch('[0-9a-f]{64}', weights.sha256)
