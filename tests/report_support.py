"""A small work directory with data beside it, as training and testing leave them."""

import json
from pathlib import Path

import numpy as np

from egoexo.evaluation.functional.segmentation import count_video, summarise
from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.formats.egoexolearn import write_frame_labels, write_split

TAS = 'temporal_action_segmentation_benchmark/tas_annotation'
NAMES = ('Prepare tomato', 'Cut tomato', 'Stir-frying')
LOG = '''2026/01/01 12:00:00 - mmengine - INFO -
System environment:
    sys.platform: linux
    Python: 3.11.2 (main)
    PyTorch: 2.13.0+cpu
    MMEngine: 0.10.7
2026/01/01 12:03:10 - mmengine - INFO - done
'''
#: uid -> (truth without the last label of the file, prediction)
VIDEOS = {
    'ego_val/e-good': (np.repeat([0, 1, 2], [50, 100, 50]), np.repeat([0, 1, 2], [50, 100, 55])),
    'ego_val/e-bad': (np.repeat([0, 1, 2], [50, 100, 50]), np.repeat([2, 1], [100, 105])),
    'exo_val/x-one': (np.repeat([3, 0], [60, 40]), np.repeat([3, 0], [50, 50])),
}


def make_data(root: Path) -> None:
    """Official files of two lists with three videos; ``ego_val`` names one more that nobody predicted."""
    write_split(root / TAS / 'splits/ego_val_annotations.bundle', ['e-good', 'e-bad', 'e-left-out'])
    write_split(root / TAS / 'splits/exo_val_annotations.bundle', ['x-one'])
    for name, (truth, _) in VIDEOS.items():
        write_frame_labels(root / TAS / f'gts_fps25/{name.split("/")[1]}.txt', np.append(truth, 0))
    classes = [{'key': name, 'value': str(index)} for index, name in enumerate(NAMES, 1)]
    (root / TAS / 'semantic_en.json').write_text(json.dumps(classes))
    (root / 'features').mkdir()
    (root / 'features/recipe.json').write_text(json.dumps({'backbone': 'i3d_rgb', 'feature_fps': 25.0, 'dim': 1024}))


def make_config(root: Path) -> dict:
    """Config with the keys a report looks at."""
    prefix = {'labels': f'{TAS}/gts_fps25', 'features': 'features'}
    datasets = [{'type': 'SegmentationDataset', 'view': subset[:3], 'data_prefix': prefix,
                 'ann_file': f'{TAS}/splits/{subset}_annotations.bundle'} for subset in ('ego_val', 'exo_val')]
    loader = {'batch_size': 1, 'dataset': {'type': 'ConcatSubsets', 'data_root': str(root), 'datasets': datasets}}
    return {'train_dataloader': loader, 'test_dataloader': loader, 'optim_wrapper': {'lr': 0.001},
            'test_evaluator': {'type': 'SegmentationMetric', 'protocols': ['official', 'clean']}}


def make_metrics() -> dict[str, float]:
    """Different numbers for every list, metric and protocol."""
    names = ('Acc', 'Edit', 'F1@10', 'F1@25', 'F1@50', 'F1@Avg', 'Avg')
    metrics = {f'{subset}/{name}': 10 * place + number + 0.125
               for place, subset in enumerate(('ego_val', 'exo_val'), 5) for number, name in enumerate(names)}
    metrics |= {f'clean/ego_val/{name}': 20.625 + number for number, name in enumerate(names)}
    metrics |= {f'ego_val/unseen/{name}': 30.375 + number for number, name in enumerate(names)}
    return metrics | {'ego_val/F1@50_low': 51.5, 'ego_val/F1@50_high': 57.5}


def make_run(folder: Path) -> Path:
    """Write data and a complete work directory below ``folder``; returns the work directory."""
    root, work_dir = folder / 'data', folder / 'work'
    make_data(root)
    write_work_dir(work_dir, make_config(root), make_metrics(), {name: pair[1] for name, pair in VIDEOS.items()})
    return work_dir


def make_runs(folder: Path) -> list[Path]:
    """Three work directories on one data set: two seeds of one config, and a better one with another learning rate.

    Their scores are those of their predictions under the official protocol.
    """
    root = folder / 'data'
    make_data(root)
    truths = {name: pair[0] for name, pair in VIDEOS.items()}
    late = {name: np.concatenate([truth[:1].repeat(10), truth[:-10]]) for name, truth in truths.items()}
    runs = {'base-s0': (0, 0.001, {name: pair[1] for name, pair in VIDEOS.items()}),
            'base-s1': (1, 0.001, late), 'best-s0': (0, 0.1, truths)}
    for name, (seed, rate, predictions) in runs.items():
        config = make_config(root) | {'optim_wrapper': {'lr': rate}, 'randomness': {'seed': seed}}
        write_work_dir(folder / name, config, score_all(predictions), predictions, seed,
                       {'official': PROTOCOLS['official'].hash})
    return [folder / name for name in runs]


def score_all(predictions: dict[str, np.ndarray]) -> dict[str, float]:
    """Metrics of both lists under the official protocol."""
    metrics = {}
    for subset in ('ego_val', 'exo_val'):
        rows = [count_video(labels, VIDEOS[name][0], PROTOCOLS['official'])
                for name, labels in predictions.items() if name.startswith(subset)]
        metrics |= {f'{subset}/{name}': value for name, value in summarise(rows).items()}
    return metrics


def write_work_dir(work_dir: Path, config: dict, metrics: dict[str, float], predictions: dict[str, np.ndarray],
                   seed: int = 0, protocols: dict[str, str] | None = None) -> None:
    """Everything that a training and a test of it leave."""
    vis_data = work_dir / '20260101_120000' / 'vis_data'
    vis_data.mkdir(parents=True)
    # Config.dump formats with yapf, which takes seconds.
    text = '\n'.join(f'{key} = {value!r}' for key, value in config.items())
    (vis_data / 'config.py').write_text(text)
    (work_dir / 'my_config.py').write_text(text)
    (vis_data.parent / '20260101_120000.log').write_text(LOG)
    records = [{'loss': 8.0 / step, 'loss_ce': 6.0 / step, 'lr': 0.001, 'epoch': 1, 'iter': step, 'step': step}
               for step in range(1, 9)]
    records += [{'ego_val/F1@50': 11.0 * epoch, 'ego_val/Avg': 12.0 * epoch, 'exo_val/F1@50': 5.0, 'step': epoch}
                for epoch in (1, 2)]
    (vis_data / 'scalars.json').write_text('\n'.join(map(json.dumps, records)) + '\n')
    (work_dir / 'command.json').write_text(json.dumps([
        {'tool': 'train', 'command': 'python tools/train.py my_config.py --amp', 'started': '2026-01-01T12:00:00',
         'egoexo': '0.1.0', 'commit': 'abc1234', 'config': 'my_config.py', 'seed': seed, 'status': 'finished'}]))
    (work_dir / 'scalars.json').write_text(json.dumps(
        {'metrics': metrics, 'protocols': protocols or {'official': 'f00df00df00d'}, 'checkpoint': 'best.pth'}))
    (work_dir / 'inputs.json').write_text(json.dumps({
        'train': {'lists': [{'subset': 'ego_train', 'ann_file': 'ego_train.bundle', 'listed': 9, 'used': 8,
                             'missing': False, 'left_out': {'e-broken': ['e-broken.pt is truncated']}}]},
        'test': {'lists': [{'subset': 'ego_val', 'ann_file': 'ego_val.bundle', 'listed': 3, 'used': 3,
                            'missing': False, 'left_out': {}},
                           {'subset': 'ego_test', 'ann_file': 'ego_test.bundle', 'listed': 0, 'used': 0,
                            'missing': True, 'left_out': {}}]}}))
    np.savez_compressed(work_dir / 'predictions.npz', **predictions)
