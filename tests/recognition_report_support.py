"""A small list of segments with frames, and work directories of the benchmark `recognition`, as a test leaves them."""

import csv
from pathlib import Path

import cv2
import numpy as np
import torch
from report_support import write_work_dir

from egoexo.registry import METRICS
from egoexo.structures import EgoExoDataSample
from egoexo.visualization.recognition import task_names

VERBS, NOUNS = ('take', 'put-down', 'wash', 'open'), ('plate', 'cup', 'knife', 'tap', 'board:chopping')
COLUMNS = ('narration_id', 'participant_id', 'video_id', 'narration_timestamp', 'start_timestamp', 'stop_timestamp',
           'start_frame', 'stop_frame', 'narration', 'verb', 'verb_class', 'noun', 'noun_class', 'all_nouns',
           'all_noun_classes')
VIDEOS = ('P01_101', 'P01_102', 'P02_101')
#: Length in frames of the segments of every video, one after the other.
LENGTHS = (40, 80, 30, 160)


def make_rows() -> list[dict]:
    """Twelve segments in three videos of 50 frames per second."""
    rows = []
    for video in VIDEOS:
        start = 1
        for number, length in enumerate(LENGTHS):
            place = len(rows)
            verb, noun = place % len(VERBS), (place * 2) % len(NOUNS)
            rows.append(dict.fromkeys(COLUMNS, '00:00:01.00') | dict(
                narration_id=f'{video}_{number}', participant_id=video[:3], video_id=video, start_frame=start,
                stop_frame=start + length - 1, narration=f'{VERBS[verb]} the {NOUNS[noun]}', verb=VERBS[verb],
                verb_class=verb, noun=NOUNS[noun], noun_class=noun, all_nouns=[NOUNS[noun]], all_noun_classes=[noun]))
            start += length
    return rows


def write_epic(root: Path) -> Path:
    """Annotation, class tables and frames: red ones in the first video, green and blue ones in the others."""
    folder = root / 'annotations'
    folder.mkdir(parents=True)
    with open(folder / 'EPIC_100_validation.csv', 'w', newline='') as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(make_rows())
    for task, names in (('verb', VERBS), ('noun', NOUNS)):
        lines = ['id,key,instances,category', *(f'{index},{name},[\'{name}\'],x' for index, name in enumerate(names))]
        (folder / f'EPIC_100_{task}_classes.csv').write_text('\n'.join(lines) + '\n')
    for place, video in enumerate(VIDEOS):
        frames = root / 'rgb_frames' / video[:3] / 'rgb_frames' / video
        frames.mkdir(parents=True)
        picture = np.full((24, 40, 3), 20, np.uint8)
        picture[..., 2 - place] = 230  # BGR
        data = cv2.imencode('.jpg', picture)[1].tobytes()
        for number in range(1, sum(LENGTHS) + 1):
            (frames / f'frame_{number:010d}.jpg').write_bytes(data)
    return root


def dataset_config(root: Path, **changes: object) -> dict:
    """Config of the list."""
    return dict(
        type='RecognitionDataset', data_root=str(root), ann_file='annotations/EPIC_100_validation.csv', subset='val',
        data_prefix=dict(frames='rgb_frames'), num_classes=dict(verb=len(VERBS), noun=len(NOUNS)),
        class_files={task: f'annotations/EPIC_100_{task}_classes.csv' for task in ('verb', 'noun')},
        test_mode=True) | changes


def run_config(root: Path) -> dict:
    """Config with the keys a report looks at."""
    loader = dict(batch_size=2, dataset=dataset_config(root))
    return dict(train_dataloader=loader, val_dataloader=loader, test_dataloader=loader, optim_wrapper=dict(lr=0.01),
                test_evaluator=dict(type='RecognitionMetric'))


def make_scores(shift: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Scores of verb and noun, sums over three clips; every third verb and every second noun is wrong."""
    scores = []
    for place, row in enumerate(make_rows()):
        verb, noun = np.full(len(VERBS), 0.25), np.full(len(NOUNS), 0.25)
        verb[(row['verb_class'] + (place % 3 == 2) + shift) % len(VERBS)] += 2.0 - 0.1 * place
        noun[(row['noun_class'] + (place % 2 == 1)) % len(NOUNS)] += 1.75 - 0.1 * place
        scores.append(tuple(np.float32(3 * values / values.sum()) for values in (verb, noun)))
    return scores


def make_samples(shift: int = 0) -> list[EgoExoDataSample]:
    """Predicted samples of the list."""
    samples = []
    for place, (row, scores) in enumerate(zip(make_rows(), make_scores(shift), strict=True)):
        sample = EgoExoDataSample(metainfo=dict(
            sample_id=row['narration_id'], uid=row['video_id'], subset='val', view='ego', sample_idx=place,
            participant_id=row['participant_id'], start_frame=row['start_frame'], stop_frame=row['stop_frame'],
            narration=row['narration']))
        for task, values in zip(('verb', 'noun'), scores, strict=True):
            sample.set_field(torch.tensor(row[f'{task}_class']), f'gt_{task}_label')
            sample.set_field(torch.from_numpy(values), f'pred_{task}_scores')
        samples.append(sample)
    return samples


def make_recognition_run(work_dir: Path, root: Path, shift: int = 0) -> Path:
    """Write a complete work directory; scores and items are those of its predictions."""
    if not root.exists():
        write_epic(root)
    work_dir.mkdir(parents=True)
    samples = make_samples(shift)
    metric = METRICS.build(dict(type='RecognitionMetric', protocols=('official', 'meter'), num_bootstrap=20,
                                item_file=str(work_dir / 'items.csv')))
    metric.dataset_meta = dict(classes=task_names(dict(verb=list(VERBS), noun=list(NOUNS))), tail_verbs=[2, 3],
                               tail_nouns=[4], unseen_participants=['P02'])
    metric.process(None, [sample.to_dict() for sample in samples])
    scores = metric.evaluate(len(samples))
    arrays = {'val/ids': np.array([sample.sample_id for sample in samples])}
    arrays |= {f'val/{task}': np.stack([sample.get(f'pred_{task}_scores').numpy() for sample in samples])
               for task in ('verb', 'noun')}
    write_work_dir(work_dir, run_config(root), scores, arrays, 0,
                   {protocol.name: protocol.hash for protocol in metric.protocols})
    return work_dir
