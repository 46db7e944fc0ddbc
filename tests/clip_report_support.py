"""Small work directories of anticipation and planning, as training and testing leave them, with annotations beside."""

from pathlib import Path

import numpy as np
from report_support import write_work_dir

from egoexo.evaluation.functional.anticipation_groups import anticipation_groups
from egoexo.evaluation.functional.clip_groups import ClipRow, group_scalars
from egoexo.evaluation.functional.planning_groups import Sampling, planning_groups
from egoexo.evaluation.protocols import anticipation, planning
from egoexo.formats.egoexolearn_anticipation import ActionRow, write_action_table
from egoexo.formats.egoexolearn_planning import PlannedSteps, list_name, write_planning_list
from egoexo.registry import DATASETS

ANNOTATIONS = 'action_anticipation_planning_benchmark'
NUM_VERBS, NUM_VIDEOS = 12, 4
TARGETS = {'anticipation': 'gt_class_targets', 'planning': 'gt_future_steps'}


def make_annotations(root: Path) -> None:
    """Official files of both views and three splits, a dozen rows each; class 11 has no positive in exo_val."""
    for view, split in ((view, split) for view in ('ego', 'exo') for split in ('train', 'val', 'test')):
        rng = np.random.default_rng([ord(letter) for letter in view + split])
        uids = [f'{view}{split}{place}-ac78' for place in range(NUM_VIDEOS)]
        write_planning_list(root / ANNOTATIONS / 'planning_annotation/annotation' / list_name(view, split), [
            PlannedSteps(uid, str(end), float(end), tuple((rng.integers(0, 9, 8) ** 2 // 4).tolist()))
            for uid in uids for end in (1, 12, 23, 34)])
        verbs = [(place % NUM_VERBS, (place + 5) % NUM_VERBS)[:1 + place % 2] for place in range(30)]
        verbs = [tuple(verb for verb in pair if (view, verb) != ('exo', 11)) for pair in verbs]
        write_action_table(root / ANNOTATIONS / 'anticpation_annotation/balanced_full_annotation'
                           / f'{view}_{split}_valid.csv', [
            ActionRow(uids[place % NUM_VIDEOS], f'{view}{split}{place}', str(2.5 + place), str(4.5 + place), pair, (),
                      'kitchen') for place, pair in enumerate(verbs)])
    folder = root / ANNOTATIONS / 'anticpation_annotation/balanced_full_annotation'
    (folder / 'valid_verbs.txt').write_text('\n'.join(map(str, range(NUM_VERBS))))


def make_lists(root: Path, benchmark: str, split: str) -> list[dict]:
    """Configs of the ego and the exo list of a split."""
    own = {'part': 'verb'} if benchmark == 'anticipation' else {'with_history': True}
    return [{'type': f'{benchmark.title()}Dataset', 'view': view, 'split': split, 'data_root': str(root),
             'ann_file': '', 'data_prefix': {'features': 'features/clip_5fps'}} | own for view in ('ego', 'exo')]


def make_config(root: Path, benchmark: str) -> dict:
    """Config with the keys a report looks at."""
    loaders = {f'{loader}_dataloader': {'batch_size': 4, 'dataset': {
        'type': 'ConcatSubsets', 'datasets': make_lists(root, benchmark, split)}}
        for loader, split in (('train', 'train'), ('val', 'val'), ('test', 'val'))}
    return loaders | {'optim_wrapper': {'lr': 0.003}, 'test_evaluator': {'type': f'{benchmark.title()}Metric'}}


def predict(root: Path, benchmark: str, strength: float, seed: int = 0) -> tuple[dict[str, np.ndarray], list[ClipRow]]:
    """Content of a dump, and its rows: noise with the truth added, the exo list with half of it."""
    rng, arrays, rows = np.random.default_rng(seed), {}, []
    for config in make_lists(root, benchmark, 'val'):
        dataset = DATASETS.build(config | {'with_features': False})
        infos = [dataset.get_data_info(index) for index in range(len(dataset))]
        targets = np.stack([dataset.targets(info)[TARGETS[benchmark]] for info in infos])
        num_classes = len(dataset.metainfo['classes'])
        truth = targets if benchmark == 'anticipation' else (targets[..., None] == np.arange(num_classes))
        scale = strength / (1 + (dataset.view == 'exo'))
        logits = (rng.normal(size=truth.shape) + scale * truth).astype(np.float32)
        arrays[f'{dataset.subset}/ids'] = np.array([info['sample_id'] for info in infos])
        arrays[f'{dataset.subset}/logits'] = logits
        rows += [ClipRow(info['sample_id'], info['uid'], dataset.subset, target, row, None, number)
                 for number, (info, target, row) in enumerate(zip(infos, targets, logits, strict=True))]
    return arrays, rows


def score(benchmark: str, rows: list[ClipRow]) -> tuple[dict[str, float], dict[str, str]]:
    """Metrics by key, and hashes by protocol."""
    if benchmark == 'anticipation':
        protocols = anticipation.get_protocols(('clean', 'no_invalid'))
        groups = anticipation_groups(rows, protocols, num_bootstrap=20)
    else:
        protocols = planning.get_protocols('official')
        groups = planning_groups(rows, protocols, Sampling(('categorical', 'argmax')))
    return group_scalars(groups), {protocol.name: protocol.hash for protocol in protocols}


def make_clip_run(work_dir: Path, root: Path, benchmark: str, strength: float = 3.0, seed: int = 0) -> Path:
    """Write a complete work directory; the scores are those of its predictions."""
    if not root.exists():
        make_annotations(root)
    arrays, rows = predict(root, benchmark, strength, seed)
    metrics, protocols = score(benchmark, rows)
    write_work_dir(work_dir, make_config(root, benchmark) | {'randomness': {'seed': seed}}, metrics, arrays, seed,
                   protocols)
    return work_dir
