"""Images of GeoNet (GeoImnet, GeoPlaces) and of image sets in the same form, or the sentences that describe them."""

import os
from collections.abc import Mapping, Sequence

import torch

from egoexo.datasets.base import SampleReport
from egoexo.datasets.labelled_list import LabelledListDataset
from egoexo.datasets.transforms.load_picture import read_picture
from egoexo.errors import AnnotationError, DataError, explain
from egoexo.formats.geonet import COMBINED, read_geonet
from egoexo.registry import DATASETS
from egoexo.structures import EgoExoDataSample

__all__ = ['GeoNetDataset']

_META_KEYS = ('sample_id', 'uid', 'view', 'subset', 'sample_idx')


@DATASETS.register_module()
class GeoNetDataset(LabelledListDataset):
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
        text_field (str): ``'combined_captions'`` (default) or a field of the metadata, such as ``'caption'``.
        ann_file (str): Metadata file, e.g. ``'metadata/geoplaces.json'``.
        data_prefix (Mapping, optional): Folder ``images``, in which the file names of the metadata begin.
        check_files (bool): Look for every image when the list is made (seconds for 190,000 on a local disk); False
            meets a missing one when it is read. Defaults to True.
        pipeline (Sequence[dict]): Transforms of images.
        **kwargs: See :class:`LabelledListDataset`; ``exclude`` names images by id, damaged ones for example.

    Raises:
        AnnotationError: If the metadata or the pseudo-labels are missing or malformed.
        DataError: If images are missing, all of them in one report (``on_bad='skip'``: left out, counted).
        ConfigError: If an option is unknown.
    """

    HOW_TO_GET = 'Check data_root and data_prefix.images; see data/README.md.'
    UNIT = 'images'
    EXCLUDED_BY = ('sample_id', 'id')

    def __init__(self, domain: str, split: str = 'train', inputs: str = 'image', text_field: str = COMBINED,
                 ann_file: str = '', data_prefix: Mapping[str, str] | None = None, check_files: bool = True,
                 pipeline: Sequence[dict] = (), **kwargs: object) -> None:
        self.choose('split', split, ('train', 'val', 'test'))
        self.choose('inputs', inputs, ('image', 'text'))
        self.domain, self.split = domain, 'train' if split == 'train' else 'val'
        self.subset = f'{domain}_{self.split}'
        self.inputs, self.text_field, self.check_files = inputs, text_field, check_files
        self.reads_batches = inputs == 'text'
        super().__init__(ann_file=ann_file, data_prefix=dict(data_prefix or dict(images='')),
                         pipeline=[self._pack_text] if self.reads_batches else pipeline, **kwargs)

    read_file = staticmethod(read_geonet)

    @property
    def videos(self) -> list[str]:
        """Empty: images belong to no video."""
        return []

    def list_all(self) -> list[dict]:
        """List the images.

        Returns:
            list[dict]: Per image ``sample_id`` and ``uid`` (the id), ``view``, ``subset``, ``label`` and
            ``picture_path`` or ``text``.

        Raises:
            AnnotationError: If the file has no such list.
        """
        splits = self.content.splits
        names = (self.subset, f'{self.domain}_test') if self.split == 'val' else (self.subset,)
        found = next((name for name in names if name in splits), None)
        if found is None:
            raise AnnotationError(explain(self.ann_file, f'the list {names[-1]}', f'the lists {sorted(splits)}',
                                          'Correct domain and split, or take another ann_file.'))
        root = self.data_prefix.get('images', '')
        return [dict(sample_id=str(image.image_id), uid=str(image.image_id), view=self.domain, subset=self.subset,
                     label=image.label, **(dict(text=image.text(self.text_field)) if self.reads_batches else
                                           dict(picture_path=os.path.join(root, image.filename))))
                for image in splits[found]]

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

