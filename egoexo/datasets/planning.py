"""The steps to come: EgoExoLearn action planning, one sample per finished step of a video."""

from collections.abc import Mapping, Sequence

import numpy as np

from egoexo.datasets.clip import ClipDataset
from egoexo.formats.egoexolearn_planning import HORIZON, LIST_FOLDER, list_name, read_planning_list
from egoexo.registry import DATASETS

__all__ = ['PlanningDataset']

_ANN_FOLDER = 'action_anticipation_planning_benchmark/planning_annotation'
#: In the ego lists of both validation and test; the lists with gaze have it in test only.
_SHARED_VIDEO = 'bee95524-ac78-11ee-819f-80615f12b59e'


@DATASETS.register_module()
class PlanningDataset(ClipDataset):
    """Steps of one view and split with the eight that follow each; see :class:`ClipDataset`.

    The window ends with the step. ``gt_future_steps`` (Z,) holds the class ids of the coming steps, and -1 everywhere
    for a window that would begin before the video.

    Args:
        view (str): ``'ego'`` or ``'exo'``.
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        with_history (bool): Add ``gt_past_steps`` (H,), the steps already done as far as the list tells them: the
            first coming step of each earlier row of the video, oldest first, which leaves out the very first step of
            a video. Defaults to False.
        drop_overlap (bool): Leave the one video that is in the official ego lists of both validation and test out of
            validation, as the lists with gaze do. Defaults to False.
        ann_folder (str): Folder with the folder of lists, ``annotation``.
        exclude (Sequence[str]): uids to leave out.
        **kwargs: See :class:`ClipDataset`.

    Raises:
        AnnotationError: If the list is missing or malformed.
        ConfigError: If an option is unknown.
    """

    METAINFO: dict = dict(
        benchmark='planning',
        part='step',
        classes=(
            'Prepare tomato', 'Prepare green vegetable', 'Prepare eggplant', 'Prepare potato',
            'Prepare green/red pepper', 'Prepare cucumber', 'Prepare spices', 'Prepare dough', 'Prepare sauce',
            'Prepare meat', 'Prepare egg', 'Cut tomato', 'Cut green vegetable', 'Cut eggplant', 'Cut potato',
            'Cut green/red pepper', 'Cut meat', 'Cut spices', 'Boil soup', 'Boil meat', 'Boil tofu',
            'Boil green vegetable', 'Deep frying', 'Stir-frying', 'Add sauce', 'Clean utensil/hand', 'Other'),
        horizon=HORIZON)

    def __init__(self, view: str, split: str = 'train', with_history: bool = False, drop_overlap: bool = False,
                 ann_folder: str = _ANN_FOLDER, exclude: Sequence[str] = (), **kwargs: object) -> None:
        self.with_history = with_history
        if drop_overlap and view == 'ego' and split == 'val':
            exclude = [*exclude, _SHARED_VIDEO]
        super().__init__(view, split, ann_folder=ann_folder, exclude=exclude, **kwargs)

    def official_list(self) -> str:
        """Path of the released list under the annotation folder."""
        return f'{LIST_FOLDER}/{list_name(self.view, self.split, self.gaze)}'

    def read_windows(self) -> list[dict]:
        """See :meth:`ClipDataset.read_windows`; adds ``labels`` and, with history, ``past``: class ids."""
        done: dict[str, list[int]] = {}
        items = []
        rows = read_planning_list(self.ann_file, len(self._metainfo['classes']), self._metainfo['horizon'])
        for uid, end_text, end_sec, labels in rows:
            item = dict(sample_id=f'{uid}|{end_text}', uid=uid, start_sec=end_sec - self.context_sec, end_sec=end_sec,
                        labels=labels)
            if self.with_history:
                past = done.setdefault(uid, [])
                item['past'] = tuple(past)
                past.append(labels[0])  # the step after this one, and so the one that the next row has seen
            items.append(item)
        return items

    def targets(self, info: Mapping[str, object]) -> dict[str, np.ndarray]:
        """``gt_future_steps`` (Z,) and, with history, ``gt_past_steps`` (H,), int64.

        Args:
            info (Mapping[str, object]): One item of the data list.
        """
        labels = info['labels'] if info['has_context'] else [-1] * len(info['labels'])
        targets = dict(gt_future_steps=np.array(labels, dtype=np.int64))
        if self.with_history:
            targets['gt_past_steps'] = np.array(info['past'], dtype=np.int64)
        return targets
