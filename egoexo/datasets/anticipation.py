"""What comes next: EgoExoLearn action anticipation, one sample per coming fine-grained action."""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from egoexo.datasets.clip import ClipDataset
from egoexo.errors import AnnotationError, explain
from egoexo.formats import egoexolearn_anticipation as official
from egoexo.formats.egoexolearn_anticipation import CLASS_FILES, PARTS, TABLE_FOLDER, TAXONOMY_FILES, ListedAction
from egoexo.registry import DATASETS

__all__ = ['AnticipationDataset']

_ANN_FOLDER = 'action_anticipation_planning_benchmark/anticpation_annotation'  # misspelt in the release


@DATASETS.register_module()
class AnticipationDataset(ClipDataset):
    """Actions of one view and split with the verbs or nouns that occur in each; see :class:`ClipDataset`.

    The window ends ``gap_sec`` before the action begins. ``gt_class_targets`` (C,) is 1 for each class of the action,
    and 0 everywhere for a window that would begin before the video.

    Every released list also holds the rows of the lists that were made before it, so that test lists contain training
    actions. The tables (``list_source='csv'``) are free of it.

    Args:
        view (str): ``'ego'`` or ``'exo'``.
        split (str): ``'train'``, ``'val'`` or ``'test'``. All three show the same videos; they differ in the actions.
        part (str): ``'noun'`` (default) or ``'verb'``.
        list_source (str): ``'csv'`` (default): the rows of the table that name a class; ``'list'``: the released list.
            An ``ann_file`` says it by its ending.
        strip_cumulative (bool): Keep only its own rows of a released list, the last ones. Defaults to True; False
            takes the list as released, with a warning.
        gap_sec (float): Seconds from the end of the window to the action. Defaults to 1.
        mode (str): ``'anticipation'`` (default), or ``'rec'``: the window is the action itself, for recognition.
        ann_folder (str): Folder with the tables and the lists.
        class_file (str, optional): Taxonomy id of each class; None takes the released one beside the tables.
        taxonomy_folder (str, optional): Folder of the two taxonomies, for the names of the classes; None (default)
            names classes by their taxonomy ids.
        missing_features (str): What a video without a feature file means: ``'error'`` (default), it is reported with
            all other bad files; or ``'skip'``, its rows are left out with a warning. For the lists with gaze, which
            name the videos recorded without gaze too.
        **kwargs: See :class:`ClipDataset`.

    Raises:
        AnnotationError: If list, class file or taxonomy is missing or malformed.
        ConfigError: If an option is unknown.
    """

    METAINFO: dict = dict(benchmark='anticipation')
    #: Training, validation and test show the same videos by design; they differ in the actions.
    SPLITS_SHARE_VIDEOS = True

    def __init__(self, view: str, split: str = 'train', part: str = 'noun', list_source: str = 'csv',
                 strip_cumulative: bool = True, gap_sec: float = 1.0, mode: str = 'anticipation',
                 ann_folder: str = _ANN_FOLDER, ann_file: str = '', class_file: str | None = None,
                 taxonomy_folder: str | None = None, missing_features: str = 'error', data_root: str = '',
                 metainfo: Mapping[str, object] | None = None, **kwargs: object) -> None:
        self._choose('part', part, PARTS)
        self._choose('list_source', list_source, ('csv', 'list'))
        self._choose('mode', mode, ('anticipation', 'rec'))
        self._choose('missing_features', missing_features, ('error', 'skip'))
        self.missing_features = missing_features
        self.part, self.mode, self.gap_sec = part, mode, gap_sec
        self.list_source = list_source if not ann_file else 'csv' if ann_file.endswith('.csv') else 'list'
        self.strip_cumulative = strip_cumulative
        self.class_ids = official.read_class_ids(
            Path(data_root, class_file or Path(ann_folder, TABLE_FOLDER, CLASS_FILES[part])))
        names = self._class_names(taxonomy_folder and Path(data_root, taxonomy_folder, TAXONOMY_FILES[part]))
        super().__init__(
            view, split, ann_folder=ann_folder, ann_file=ann_file, data_root=data_root,
            metainfo=dict(classes=names) | dict(metainfo or {}), **kwargs)
        # Set here, because MMEngine would take a text that it is given for the name of a file.
        self._metainfo['part'] = part
        stripped = 'own_rows' if strip_cumulative else 'whole_list'
        self._metainfo['truth'] = 'csv' if self.list_source == 'csv' else stripped

    def _class_names(self, taxonomy_file: Path | None) -> tuple[str, ...]:
        if taxonomy_file is None:
            return tuple(map(str, self.class_ids))
        labels = official.read_taxonomy(taxonomy_file)
        absent = [taxonomy_id for taxonomy_id in self.class_ids if taxonomy_id >= len(labels)]
        if absent:
            raise AnnotationError(explain(taxonomy_file, f'a row for each class, up to id {max(absent)}',
                                          f'{len(labels)} rows', 'Check that class file and taxonomy belong together.'))
        return tuple(official.short_name(labels[taxonomy_id]) for taxonomy_id in self.class_ids)

    def official_list(self) -> str:
        """Path of the released table or list under the annotation folder."""
        if self.list_source == 'csv':
            return f'{TABLE_FOLDER}/{official.table_name(self.view, self.split)}'
        return f'{self.part}{"_gazed" if self.gaze else ""}/{official.list_name(self.view, self.split)}'

    def list_samples(self) -> list[dict]:
        """See :meth:`ClipDataset.list_samples`; ``missing_features='skip'`` leaves out videos without a file."""
        items = super().list_samples()
        if self.missing_features == 'error' or self.feature_store is None:
            return items
        absent = {uid for uid in dict.fromkeys(item['uid'] for item in items) if self.feature_store.find(uid) is None}
        kept = [item for item in items if item['uid'] not in absent]
        if absent and kept:  # a folder without any of them is another mistake, reported as such
            print_log(f'{self.subset}: {len(items) - len(kept)} of {len(items)} rows left out, because {len(absent)} '
                      f'videos have no file in {self.feature_store.root}: {", ".join(sorted(absent)[:5])}. '
                      "missing_features='error' stops instead.", 'current', logging.WARNING)
        return kept or items

    def read_actions(self) -> list[ListedAction]:
        """Actions of the list with their class ids, in file order.

        Returns:
            list[ListedAction]: At least one; see ``list_source`` and ``strip_cumulative``.

        Raises:
            AnnotationError: If the list is malformed or names no class at all.
        """
        if self.list_source == 'csv':
            actions = official.list_actions(official.read_action_table(self.ann_file), self.part, self.class_ids,
                                            self.ann_file)
        else:
            actions = self._own_actions(official.read_action_list(self.ann_file, len(self.class_ids)))
        if not actions:
            raise AnnotationError(explain(self.ann_file, f'at least one row with a {self.part}',
                                          'none', 'Check part and ann_file.'))
        return actions

    def _own_actions(self, actions: list[ListedAction]) -> list[ListedAction]:
        own = official.own_rows(self.ann_file)
        if own is None or len(actions) <= own:
            return actions
        in_front = official.rows_in_front(self.ann_file)
        others = ', '.join(f'{name} ({rows})' for name, rows in in_front.items())
        inside = f'those of {others}' if len(actions) == own + sum(in_front.values()) else 'of unknown origin'
        effect = (f'strip_cumulative=True: only its last {own} rows are used' if self.strip_cumulative else
                  'strip_cumulative=False: all are used, so trained, validated and tested rows and both views are '
                  "mixed; pass strip_cumulative=True or list_source='csv' for clean data")
        print_log(f'{self.ann_file} holds {len(actions)} rows, of which {own} are its own; the {len(actions) - own} in '
                  f'front are {inside} (a defect of the release). {effect}.', 'current', logging.WARNING)
        return actions[-own:] if self.strip_cumulative else actions

    def read_windows(self) -> list[dict]:
        """See :meth:`ClipDataset.read_windows`; adds ``labels``, the class ids of the action."""
        items = []
        for uid, start_text, end_text, start_sec, end_sec, labels in self.read_actions():
            if self.mode == 'rec':
                begin, end = start_sec, end_sec
            else:
                end = start_sec - self.gap_sec  # the official order of the two subtractions, for equal rounding
                begin = end - self.context_sec
            items.append(dict(sample_id=f'{uid}|{start_text}|{end_text}', uid=uid, start_sec=begin, end_sec=end,
                              labels=labels))
        backwards = next((item for item in items if item['end_sec'] < item['start_sec']), None)
        if backwards:
            raise AnnotationError(explain(
                f'{self.ann_file}, row {backwards["sample_id"]}', 'an action that ends after it begins',
                f'{backwards["end_sec"]} s after {backwards["start_sec"]} s', 'Correct or remove the row.'))
        return items

    def targets(self, info: Mapping[str, object]) -> dict[str, np.ndarray]:
        """``gt_class_targets``, (C,) float32.

        Args:
            info (Mapping[str, object]): One item of the data list.
        """
        targets = np.zeros(len(self.class_ids), dtype=np.float32)
        if info['has_context']:
            targets[list(info['labels'])] = 1
        return dict(gt_class_targets=targets)
