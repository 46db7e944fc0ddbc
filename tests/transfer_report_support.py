"""Small work directories of the benchmark `transfer`, as training and testing leave them, with a release beside."""

from pathlib import Path

import numpy as np
from report_support import write_work_dir
from transfer_support import write_ego2exo_root

from egoexo.evaluation.functional.clip_groups import ClipRow, group_scalars
from egoexo.evaluation.functional.transfer_groups import transfer_groups
from egoexo.evaluation.protocols.transfer import get_protocols
from egoexo.formats.ego2exo import read_ego2exo

NUM_CLASSES = 7


def make_config(root: Path) -> dict:
    """Config with the keys a report looks at."""
    return {f'{loader}_dataloader': {'batch_size': 4, 'dataset': {
        'type': 'ConcatSubsets', 'data_root': str(root), 'feature': {'dim': 16}, 'datasets': [
            {'type': 'TransferDataset', 'view': view, 'split': split} for view in ('ego', 'exo')]}}
        for loader, split in (('train', 'train'), ('val', 'val'), ('test', 'test'))} | {
            'optim_wrapper': {'lr': 0.003}, 'test_evaluator': {'type': 'TransferMetric'}}


def predict(root: Path, strength: float, seed: int = 0) -> tuple[dict[str, np.ndarray], list[ClipRow]]:
    """Content of a dump, and its rows: noise with the truth added, the exo list with half of it."""
    rng, arrays, rows = np.random.default_rng(seed), {}, []
    for subset in ('ego_val', 'exo_val'):
        segments = read_ego2exo(root / 'metadata/ego2exo.json').splits[subset]
        labels = np.array([segment.label for segment in segments])
        truth = np.eye(NUM_CLASSES)[labels] * strength / (1 + (subset == 'exo_val'))
        logits = (rng.normal(size=truth.shape) + truth).astype(np.float32)
        arrays[f'{subset}/ids'] = np.array([str(segment.segment_id) for segment in segments])
        arrays[f'{subset}/logits'] = logits
        rows += [ClipRow(str(segment.segment_id), segment.take_uid, subset, label, row, None, number)
                 for number, (segment, label, row) in enumerate(zip(segments, labels, logits, strict=True))]
    return arrays, rows


def make_transfer_run(work_dir: Path, root: Path, strength: float = 3.0, seed: int = 0) -> Path:
    """Write a complete work directory; the scores are those of its predictions."""
    if not root.exists():
        write_ego2exo_root(root, NUM_CLASSES)
    arrays, rows = predict(root, strength, seed)
    protocols = get_protocols('all')
    metrics = group_scalars(transfer_groups(rows, protocols, num_bootstrap=20))
    write_work_dir(work_dir, make_config(root) | {'randomness': {'seed': seed}}, metrics, arrays, seed,
                   {protocol.name: protocol.hash for protocol in protocols})
    return work_dir
