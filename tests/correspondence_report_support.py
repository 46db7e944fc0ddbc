"""Small work directories of the benchmark `correspondence`, as training and testing leave them, with takes beside."""

from pathlib import Path

import numpy as np
import torch
from correspondence_support import write_correspondence_root
from report_support import write_work_dir

from egoexo.engine.pair_predictions import describe_pair, take_results
from egoexo.formats.correspondence_results import SETTINGS, ResultWriter
from egoexo.formats.correspondence_take import read_take_annotation
from egoexo.formats.rle import decode_rle
from egoexo.registry import DATASETS, METRICS, VISUALIZERS
from egoexo.structures import EgoExoDataSample

DIRECTIONS = ('ego2exo', 'exo2ego')


def make_config(root: Path) -> dict:
    """Config with the keys a report looks at."""
    def loader(split: str) -> dict:
        return {'batch_size': 4, 'dataset': {
            'type': 'ConcatSubsets', 'data_root': str(root), 'datasets': [
                {'type': 'CorrespondenceDataset', 'direction': direction, 'split': split} for direction in DIRECTIONS]}}
    return {'train_dataloader': loader('train'), 'val_dataloader': loader('val'), 'test_dataloader': loader('val'),
            'optim_wrapper': {'lr': 0.0002}, 'test_evaluator': {'type': 'CorrespondenceMetric', 'protocols': 'all'}}


def predict(root: Path, shift: int, direction: str) -> list[EgoExoDataSample]:
    """Samples of the validation list with the true mask moved to the right; every third answer says not visible."""
    dataset = DATASETS.build(dict(type='CorrespondenceDataset', direction=direction, split='val', data_root=str(root),
                                  test_mode=True))
    samples = []
    for place in range(len(dataset)):
        info = dataset.get_data_info(place)
        size = (270, 480) if direction == 'ego2exo' else (480, 480)
        mask = np.zeros(size, bool)
        if info['target_rle'] is not None:
            truth = decode_rle(info['target_rle'])
            scale = size[1] // truth.shape[1]
            mask = np.roll(np.kron(truth, np.ones((scale, scale))), shift * (1 + place % 3), axis=1) > 0
        sample = EgoExoDataSample(metainfo=info)
        sample.pred_target_mask = torch.from_numpy(mask)
        sample.pred_confidence = torch.tensor(0.9 if place % 3 else 0.2)
        samples.append(sample)
    return samples


def make_correspondence_run(work_dir: Path, root: Path, shift: int = 20, pictures: bool = True) -> Path:
    """Write a complete work directory; scores, items and pictures are those of its predictions."""
    if not root.exists():
        write_correspondence_root(root, dict(train=2, val=3), ego_size=(96, 96), exo_size=(54, 96))
    work_dir.mkdir(parents=True)
    samples = {direction: predict(root, shift, direction) for direction in DIRECTIONS}
    metric = METRICS.build(dict(type='CorrespondenceMetric', protocols=('official', 'registered'), num_bootstrap=20,
                                item_file=str(work_dir / 'items.csv')))
    everything = [sample for part in samples.values() for sample in part]
    metric.process(None, [sample.to_dict() for sample in everything])
    scores = metric.evaluate(len(everything))
    for direction, part in samples.items():
        with ResultWriter(work_dir / f'{SETTINGS[direction]}_val_results.json', SETTINGS[direction]) as writer:
            for uid in dict.fromkeys(sample.uid for sample in part):
                own = [describe_pair(sample) for sample in part if sample.uid == uid]
                writer.append(uid, take_results(read_take_annotation(root / uid / 'annotation.json'), direction, own))
    write_work_dir(work_dir, make_config(root), scores, {}, 0,
                   {protocol.name: protocol.hash for protocol in metric.protocols})
    if pictures:
        drawer = VISUALIZERS.get('CorrespondenceVisualizer')(name=f'report-{work_dir.name}', dpi=60)
        drawer.add_datasample('val', data_sample=everything[:2],
                              out_file=work_dir / 'vis_data/correspondence/val_tracks.png')
    return work_dir
