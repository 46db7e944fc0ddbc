"""Images of GeoNet (GeoImnet, GeoPlaces) and of image sets in the same form, or the sentences that describe them."""

import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import print_log

from egoexo.datasets.base import EgoExoDataset, SampleReport
from egoexo.datasets.pseudo_labelled import find_pseudo_labels, take_pseudo_labels
from egoexo.datasets.transforms.load_picture import read_picture
from egoexo.errors import AnnotationError, ConfigError, DataError, explain
from egoexo.formats.geonet import COMBINED, GeoNet, read_geonet
from egoexo.registry import DATASETS
from egoexo.structures import EgoExoDataSample

__all__ = ['GeoNetDataset']

_META_KEYS = ('sample_id', 'uid', 'view', 'subset', 'sample_idx')


@DATASETS.register_module()
class GeoNetDataset(EgoExoDataset):
    """Images of one domain, each with a class; the benchmark ``transfer`` on images.

    With ``inputs='image'`` each sample goes through the pipeline, which begins with ``LoadPicture`` and ends with
    ``PackFrames``. With ``inputs='text'`` no image is looked at: a whole batch is read at once, ``inputs`` being a list
    of sentences (the loader needs ``collate_fn=dict(type='collate_domains')``).

    Source: Kalluri et al., "GeoNet: Benchmarking Unsupervised Adaptation across Geographies", CVPR 2023; lists and
    texts as LaGTran uses them.

    Args:
        domain (str): A domain of the metadata file: ``'usa'`` or ``'asia'`` in GeoNet. Carried as ``view``.
        split (str): ``'train'`` or ``'val'``, by which the ``test`` list of the file is meant; ``'test'`` is the same.
        inputs (str): ``'image'`` (default) or ``'text'``.
        labels (str): ``'true'`` (default), ``'pseudo'`` or ``'none'``.
        pseudo_labels (str | Path, optional): File for ``labels='pseudo'``, as given or below ``data_root``; it has to
            label exactly the images of the list.
        min_confidence (float, optional): Leave out images whose pseudo-label is less certain, counted.
        text_field (str): ``'combined_captions'`` (default) or a field of the metadata, such as ``'caption'``.
        ann_file (str): Metadata file, e.g. ``'metadata/geoplaces.json'``.
        data_prefix (Mapping, optional): Folder ``images``, in which the file names of the metadata begin.
        exclude (Sequence[int | str]): Ids of images to leave out, counted; damaged ones, for example.
        check_files (bool): Look for every image when the list is made (seconds for 190,000 on a local disk); False
            meets a missing one when it is read. Defaults to True.
        pipeline (Sequence[dict]): Transforms of images.
        **kwargs: See :class:`EgoExoDataset`.

    Raises:
        AnnotationError: If the metadata or the pseudo-labels are missing or malformed.
        DataError: If images are missing, all of them in one report (``on_bad='skip'``: left out, counted).
        ConfigError: If an option is unknown.
    """

    METAINFO: dict = dict(benchmark='transfer')
    HOW_TO_GET = 'Check data_root and data_prefix.images; see data/README.md.'
    UNIT = 'images'

    def __init__(self, domain: str, split: str = 'train', inputs: str = 'image', labels: str = 'true',
                 pseudo_labels: str | Path | None = None, min_confidence: float | None = None,
                 text_field: str = COMBINED, ann_file: str = '', data_root: str = '',
                 data_prefix: Mapping[str, str] | None = None, exclude: Sequence[int | str] = (),
                 check_files: bool = True, pipeline: Sequence[dict] = (), **kwargs: object) -> None:
        self._choose('split', split, ('train', 'val', 'test'))
        self._choose('inputs', inputs, ('image', 'text'))
        self._choose('labels', labels, ('true', 'pseudo', 'none'))
        if (labels == 'pseudo') != bool(pseudo_labels):
            raise ConfigError(explain('GeoNetDataset, pseudo_labels', "a file with labels='pseudo', none otherwise",
                                      f'pseudo_labels={pseudo_labels!r} with labels={labels!r}', 'Set both or none.'))
        if min_confidence is not None and not (labels == 'pseudo' and 0 <= min_confidence <= 1):
            raise ConfigError(explain('GeoNetDataset, min_confidence', "0 to 1, with labels='pseudo'",
                                      f'{min_confidence!r} with labels={labels!r}', 'Correct it in the config.'))
        self.domain, self.split = domain, 'train' if split == 'train' else 'val'
        self.subset = f'{domain}_{self.split}'
        self.inputs, self.label_source, self.text_field = inputs, labels, text_field
        self.pseudo_labels, self.min_confidence = pseudo_labels, min_confidence
        self.exclude = frozenset(map(str, exclude))
        self.check_files = check_files
        self.reads_batches = inputs == 'text'
        super().__init__(ann_file=ann_file, data_root=data_root, data_prefix=dict(data_prefix or dict(images='')),
                         pipeline=[self._pack_text] if self.reads_batches else pipeline, **kwargs)

    def _choose(self, name: str, value: object, choices: Sequence[str]) -> None:
        if value not in choices:
            raise ConfigError(explain(f'GeoNetDataset, {name}', ' or '.join(map(repr, choices)), repr(value),
                                      'Choose one of them.'))

    @property
    def content(self) -> GeoNet:
        """The whole file, read once for all lists of a process."""
        path = os.path.abspath(self.ann_file)
        state = os.stat(path) if os.path.exists(path) else None
        return _read(path, *(() if state is None else (state.st_size, state.st_mtime_ns)))

    @property
    def metainfo(self) -> dict:
        """Meta information with ``classes`` and ``num_classes`` of the file."""
        classes = self.content.classes
        return super().metainfo | dict(classes=classes, num_classes=len(classes))

    @property
    def name(self) -> str:
        """Kind, list and metadata file."""
        return f'{type(self).__name__} {self.subset} ({self.ann_file})'

    @property
    def labels(self) -> np.ndarray:
        """Class ids in the order of the list, int64 (N,): what a balanced sampler needs.

        Raises:
            ConfigError: If the list has none (``labels='none'``).
        """
        if self.label_source == 'none':
            raise ConfigError(explain(f'{self.subset}, labels', 'a list with labels, as ClassBalancedSampler needs',
                                      "labels='none'", "Use sampler=dict(type='SeededSampler') with it."))
        return np.array([self.get_data_info(index)['label'] for index in range(len(self))], dtype=np.int64)

    @property
    def videos(self) -> list[str]:
        """Empty: images belong to no video."""
        return []

    def list_samples(self) -> list[dict]:
        """Read the list.

        Returns:
            list[dict]: Per image ``sample_id`` and ``uid`` (the id), ``view``, ``subset``, ``label`` (absent
            with ``labels='none'``) and ``picture_path`` or ``text``.

        Raises:
            AnnotationError: If the file has no such list, or the pseudo-labels do not fit it.
        """
        splits = self.content.splits
        names = (self.subset, f'{self.domain}_test') if self.split == 'val' else (self.subset,)
        found = next((name for name in names if name in splits), None)
        if found is None:
            raise AnnotationError(explain(self.ann_file, f'the list {names[-1]}', f'the lists {sorted(splits)}',
                                          'Correct domain and split, or take another ann_file.'))
        root = self.data_prefix.get('images', '')
        items = [dict(sample_id=str(image.image_id), uid=str(image.image_id), view=self.domain, subset=self.subset,
                      label=image.label, **(dict(text=image.text(self.text_field)) if self.reads_batches else
                                            dict(picture_path=os.path.join(root, image.filename))))
                 for image in splits[found]]
        return self._choose_items(items)

    def _choose_items(self, items: list[dict]) -> list[dict]:
        """The images that are wanted, with the labels that are wanted."""
        if self.label_source == 'pseudo':
            path = find_pseudo_labels(self.pseudo_labels, self.data_root or '')
            items = take_pseudo_labels(items, path, len(self.content.classes), self.subset, self.min_confidence)
        elif self.label_source == 'none':
            for item in items:
                del item['label']
        if self.exclude:
            kept = [item for item in items if item['sample_id'] not in self.exclude]
            print_log(f'{self.subset}: {len(items) - len(kept)} of {len(items)} images excluded by id', 'current')
            items = kept
        return items

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look for the file of an image.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Decode it.

        Returns:
            SampleReport: With the facts ``height`` and ``width`` in pixels, if decoded.
        """
        report = SampleReport(info['sample_id'])
        if self.reads_batches:
            return report
        if full:
            try:
                height, width = read_picture(info['picture_path']).shape[:2]
                report.facts.update(height=height, width=width)
            except DataError as error:
                report.problems.append(str(error))
        elif self.check_files and not os.path.isfile(info['picture_path']):
            report.problems.append(f'no file {info["picture_path"]}')
        return report

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds.

        Args:
            reports (Sequence[SampleReport]): Of the usable images.
        """
        print_log(f'{self.subset}: {len(reports)} images of {self.ann_file}, labels: {self.label_source}', 'current')

    def _pack_text(self, info: dict) -> dict:
        sample = EgoExoDataSample(metainfo={key: info[key] for key in _META_KEYS})
        if 'label' in info:
            sample.gt_label = torch.tensor(info['label'])
        return dict(inputs=info['text'], data_samples=sample)

    def __getitems__(self, indices: Sequence[int]) -> dict | list[dict]:
        """Read a batch.

        Args:
            indices (Sequence[int]): Positions, N of them.

        Returns:
            dict | list[dict]: ``inputs``, N sentences, and ``data_samples``; the single samples of images.
        """
        items = [self[index] for index in indices]
        if not self.reads_batches:
            return items
        return {key: [item[key] for item in items] for key in ('inputs', 'data_samples')}


@functools.lru_cache(maxsize=1)
def _read(path: str, *state: int) -> GeoNet:
    """Content of a file, which takes seconds to read; size and time of change tell one state of it from another."""
    return read_geonet(path)
