import numpy as np
import pytest
import torch

from egoexo.engine.hooks import FramePredictionHook
from egoexo.errors import PredictionError
from egoexo.formats.egoexolearn import read_frame_prediction
from egoexo.structures import EgoExoDataSample


def sample(labels=None, **meta):
    made = EgoExoDataSample(metainfo=meta)
    if labels is not None:
        made.pred_frame_labels = torch.tensor(labels)
    return made


class Logger:
    def info(self, text):
        self.text = text


def test_writes_arrays_and_official_files(tmp_path):
    hook = FramePredictionHook(str(tmp_path / 'all.npz'), str(tmp_path / 'official'))
    runner = type('Runner', (), {'logger': Logger()})()
    hook.before_test_epoch(runner)
    hook.after_test_iter(runner, 0, None, [sample([0, 0, 27], sample_id='b', subset='exo_val'),
                                           sample([3], sample_id='a', subset='ego_val')])
    hook.after_test_iter(runner, 1, None, [sample([3], sample_id='a', subset='ego_val')])  # padding of a second rank
    hook.after_test_epoch(runner)
    dumped = np.load(tmp_path / 'all.npz')
    assert list(dumped) == ['ego_val/a', 'exo_val/b'] and dumped['exo_val/b'].tolist() == [0, 0, 27]
    assert dumped['ego_val/a'].dtype == np.int64 and 'Predictions of 2 videos' in runner.logger.text
    assert read_frame_prediction(tmp_path / 'official' / 'exo_val' / 'b').tolist() == [0, 0, 27]


@pytest.mark.parametrize(('wrong', 'message'), [
    (sample(sample_id='a', subset='ego_val'), 'Sample ego_val/a has no pred_frame_labels'),
    (sample([1], sample_id='a'), 'Sample None/a has no subset')])
def test_samples_without_prediction_or_subset_are_refused(wrong, message, tmp_path):
    hook = FramePredictionHook(str(tmp_path / 'all.npz'))
    with pytest.raises(PredictionError, match=message):
        hook.after_test_iter(None, 0, None, [wrong])
