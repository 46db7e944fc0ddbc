import json
import logging

import pytest
from mmengine.dataset import ConcatDataset
from torch.utils.data import Dataset

from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.concat import ConcatSubsets
from egoexo.engine.hooks import InputReportHook


class Videos(EgoExoDataset):
    """Three samples, of which those named in ``broken`` cannot be used; none when its list is missing."""

    def __init__(self, subset, broken=(), missing_list='error', **kwargs):
        self.subset, self.broken, self.missing_list = subset, broken, missing_list
        super().__init__(ann_file=f'{subset}.txt', on_bad='skip', **kwargs)

    def list_samples(self):
        return [] if self.missing_list == 'skip' else [dict(sample_id=f'{self.subset}-{name}') for name in 'abc']

    def inspect_sample(self, info, full=False):
        name = info['sample_id']
        return SampleReport(name, ['features/é.pt is truncated'] if name[-1] in self.broken else [])


class Plain(Dataset):
    def __len__(self):
        return 5


class Runner:
    """What the hook looks at."""

    def __init__(self, work_dir, train=None, val=None, test=None):
        self.work_dir, self.logger = work_dir, logging.getLogger('inputs')
        for name, dataset in (('train', train), ('val', val), ('test', test)):
            loader = type('Loader', (), {'dataset': dataset})
            setattr(self, f'{name}_dataloader', loader)
            setattr(self, f'{name}_loop', loader if dataset is not None else None)


def read(folder):
    return json.loads((folder / 'inputs.json').read_text())


def test_lists_of_training_and_validation(tmp_path, caplog):
    train = ConcatSubsets([Videos('ego_train', broken='bc'), Videos('exo_train')])
    InputReportHook().before_train(Runner(tmp_path, train, Videos('ego_val')))
    found = read(tmp_path)
    assert set(found) == {'train', 'val'}
    assert found['train']['lists'] == [
        {'subset': 'ego_train', 'ann_file': 'ego_train.txt', 'listed': 3, 'used': 1, 'missing': False, 'left_out': {
            'ego_train-b': ['features/é.pt is truncated'], 'ego_train-c': ['features/é.pt is truncated']}},
        {'subset': 'exo_train', 'ann_file': 'exo_train.txt', 'listed': 3, 'used': 3, 'missing': False, 'left_out': {}}]
    assert [record.message.split(';')[0] for record in caplog.records] == ['train: 2 samples left out, 0 lists missing']


def test_missing_list(tmp_path, caplog):
    InputReportHook().before_test(Runner(tmp_path, test=ConcatSubsets([Videos('ego_val'),
                                                                       Videos('ego_test', missing_list='skip')])))
    assert [(item['subset'], item['listed'], item['used'], item['missing']) for item in read(tmp_path)['test']['lists']
            ] == [('ego_val', 3, 3, False), ('ego_test', 0, 0, True)]
    assert '1 lists missing: ego_test' in caplog.text


def test_other_datasets_and_wrappers(tmp_path):
    InputReportHook().before_test(Runner(tmp_path, test=ConcatDataset([Videos('ego_val'), Videos('exo_val')])))
    assert [item['subset'] for item in read(tmp_path)['test']['lists']] == ['ego_val', 'exo_val']
    InputReportHook().before_test(Runner(tmp_path, test=type('Wrapper', (), {'dataset': Plain()})()))
    item, = read(tmp_path)['test']['lists']
    assert (item['subset'], item['listed'], item['used']) == ('Plain', 5, 5)


@pytest.mark.parametrize(('before', 'kept'), [('{"train": {"lists": []}}', True), ('{"train": ', False), ('[]', False)])
def test_other_loaders_of_the_folder_are_kept(tmp_path, before, kept):
    (tmp_path / 'inputs.json').write_text(before)
    InputReportHook().before_test(Runner(tmp_path, test=Videos('ego_val')))
    assert set(read(tmp_path)) == ({'train', 'test'} if kept else {'test'})


def test_validations_of_a_training_write_once(tmp_path):
    hook, runner = InputReportHook(), Runner(tmp_path, Videos('ego_train'), Videos('ego_val'))
    hook.before_train(runner)
    (tmp_path / 'inputs.json').unlink()
    hook.before_val(runner)
    assert not (tmp_path / 'inputs.json').exists()


def test_training_without_validation(tmp_path):
    InputReportHook().before_train(Runner(tmp_path, Videos('ego_train')))
    assert set(read(tmp_path)) == {'train'}
