"""Where an object of one picture is in another one of the same moment, in three lines."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from PIL import Image

from egoexo.apis.inferencers.drawing import results_to_draw
from egoexo.apis.init_model import init_model
from egoexo.datasets.collate_pairs import collate_pairs
from egoexo.datasets.transforms.load_picture import read_picture
from egoexo.errors import AnnotationError, ConfigError, DataError, explain
from egoexo.evaluation.functional.correspondence_items import CONFIDENCE
from egoexo.evaluation.functional.correspondence_resize import nearest_resize
from egoexo.files import check_file
from egoexo.formats.rle import MAX_PIXELS, Rle, check_rle, decode_rle, encode_mask
from egoexo.registry import INFERENCERS, TRANSFORMS
from egoexo.utils.loader_configs import iter_datasets
from egoexo.visualization.mask_pair import MaskPair, draw_mask_pairs

__all__ = ['CorrespondenceInferencer', 'MaskSource', 'PictureSource']

PictureSource = str | Path | np.ndarray
MaskSource = str | Path | np.ndarray | Rle

_MAX_DRAWN = 6


@INFERENCERS.register_module()
class CorrespondenceInferencer:
    """Finds an object, of which a mask in one picture is given, in another picture of the same moment.

    Pictures and masks go through the transforms of the config's test data loader, so they are padded and resized as in
    a test.

    Args:
        model (str | Path | Config): Config file, model of the zoo, short name or config.
        weights (str | Path | bool | None): Checkpoint, URL with ``#sha256=``, True for the weights of the model zoo;
            ``None`` keeps random weights, said aloud.
        device (str | torch.device | None): ``None`` takes the GPU if there is one.

    Raises:
        ConfigError: If the config is wrong, or its test data loader does not read pairs of pictures.
        CheckpointError: If the weights do not fit.

    Examples:
        >>> from egoexo.apis import CorrespondenceInferencer
        >>> inferencer = CorrespondenceInferencer('correspondence/xsegtx_r50_egoexo4d-ego2exo')       # random weights
        >>> ego, exo = np.zeros((704, 704, 3), np.uint8), np.zeros((540, 960, 3), np.uint8)
        >>> mask = np.zeros((1408, 1408), bool)
        >>> mask[600:800, 500:700] = True
        >>> result = inferencer(ego, mask, exo)[0]
        >>> result['mask'].shape, result['model_mask'].shape, 0 <= result['confidence'] <= 1
        ((540, 960), (270, 480), True)
    """

    def __init__(self, model: str | Path | Config, weights: str | Path | bool | None = None,
                 device: str | torch.device | None = None) -> None:
        self.model = init_model(model, weights, device)
        self.cfg = self.model.cfg
        self._transforms = self._build_transforms()
        self._results: list[dict] = []

    def _build_transforms(self) -> list:
        """What comes after reading the pictures in a test."""
        dataset = dict(next(iter_datasets(self.cfg.get('test_dataloader')), {}))
        steps = list(dataset.get('pipeline') or ())
        kinds = [step.get('type') for step in steps]
        if kinds[:1] != ['LoadImagePair'] or kinds[-1:] != ['PackPair']:
            raise ConfigError(explain(
                'test_dataloader.dataset.pipeline', 'transforms from LoadImagePair to PackPair', kinds or 'no pipeline',
                'Use the inferencer of the benchmark that the config is of.'))
        return [TRANSFORMS.build(step) for step in steps[1:]]

    def __call__(self, query_image: PictureSource | Sequence[PictureSource],
                 query_mask: MaskSource | Sequence[MaskSource], target_image: PictureSource | Sequence[PictureSource],
                 batch_size: int = 8, direction: str = '') -> list[dict]:
        """Predict.

        Give one of each, or lists: a list of several and one of another kind, for example one picture with one mask
        and the pictures of four cameras, are four pairs.

        Args:
            query_image (str | Path | np.ndarray | Sequence): Picture file, or RGB uint8 (H, W, 3), in which the mask is
                given.
            query_mask (str | Path | np.ndarray | dict | Sequence): The object in it: an array (h, w), nonzero on the
                object; run lengths of COCO, ``{'size': [h, w], 'counts': text}``; or a picture file that is not black
                on the object. It may be of another resolution than the picture.
            target_image (str | Path | np.ndarray | Sequence): Picture in which the object is looked for.
            batch_size (int): Pairs per forward pass. Pictures that occur several times in it are encoded once.
            direction (str): ``'ego2exo'`` or ``'exo2ego'``, for the labels of :meth:`visualize` only.

        Returns:
            list[dict]: One per pair: ``sample_id`` (str), ``mask`` (bool, (H', W'), at the size of the target picture),
            ``model_mask`` (bool, (h', w'), as predicted and scored, padding removed), ``confidence`` (float, predicted
            probability that the object is visible), ``visible`` (bool, above 0.5), and what was given:
            ``query_image``, ``query_mask`` (bool), ``target_image`` and ``direction``. The mask is the model's best
            guess also where it says that the object is not visible.

        Raises:
            AnnotationError: If a mask is damaged, empty or of a wrong shape.
            DataError: If a picture cannot be read, is no picture, or has other proportions than its mask.
            ValueError: If the numbers of pictures and masks do not fit, there is none, or ``batch_size`` is less than
                1.
        """
        if batch_size < 1:
            raise ValueError(f'batch_size must be at least 1, got {batch_size}.')
        sources = _align(query_image=query_image, query_mask=query_mask, target_image=target_image)
        self._results = []
        for start in range(0, len(sources), batch_size):
            # Read batch by batch: a list of thousands of files must not be held at once. Within one, once each.
            pictures: dict[object, np.ndarray] = {}
            items = [self._prepare(number, source, pictures)
                     for number, source in enumerate(sources[start:start + batch_size], start)]
            self._results += self._predict(items, direction)
        return self._results

    def _prepare(self, number: int, source: tuple[PictureSource, MaskSource, PictureSource],
                 pictures: dict[object, np.ndarray]) -> dict:
        """What was read of one pair, and the input of the model made of it."""
        sample_id = f'pair_{number}'
        query, mask, target = source
        results: dict[str, object] = dict.fromkeys((
            'uid', 'subset', 'view', 'object_name', 'query_camera', 'target_camera', 'frame', 'order', 'target_rle',
            'is_annotated', 'sample_idx'))
        for role, picture in (('query', query), ('target', target)):
            key = id(picture) if isinstance(picture, np.ndarray) else str(picture)
            if key not in pictures:
                pictures[key] = _picture(picture, f'{sample_id}, {role}_image')
            results |= {f'{role}_picture': pictures[key], f'{role}_size': pictures[key].shape[:2],
                        f'{role}_path': str(key)}
        rle = _mask(mask, f'{sample_id}, query_mask')
        results |= {'sample_id': sample_id, 'query_rle': rle, 'is_negative': True, 'test_mode': True}
        given = {'sample_id': sample_id, 'query_image': results['query_picture'],
                 'query_mask': decode_rle(rle).astype(bool), 'target_image': results['target_picture']}
        for transform in self._transforms:
            results = transform.transform(results)
        return {'given': given, 'packed': results}

    @torch.no_grad()
    def _predict(self, items: Sequence[dict], direction: str) -> list[dict]:
        samples = self.model.test_step(collate_pairs([item['packed'] for item in items]))
        results = []
        for item, sample in zip(items, samples, strict=True):
            mask = sample.pred_target_mask.cpu().numpy()
            confidence = float(sample.pred_confidence)
            size = item['given']['target_image'].shape[:2]
            results.append(item['given'] | {
                'mask': nearest_resize(mask, size), 'model_mask': mask, 'confidence': confidence,
                'visible': confidence > CONFIDENCE, 'direction': direction})
        return results

    def visualize(self, out_dir: str | Path, results: Sequence[dict] | None = None) -> list[Path]:
        """Draw the given and the predicted masks, up to six pairs in one picture.

        Args:
            out_dir (str | Path): Folder for ``pairs_<number>.png``; made if absent.
            results (Sequence[dict] | None): ``None`` takes those of the last call.

        Returns:
            list[Path]: The files.

        Raises:
            ValueError: If there is nothing to draw.
        """
        results, out_dir = results_to_draw(results, self._results, out_dir)
        paths = []
        for start in range(0, len(results), _MAX_DRAWN):
            pairs = [MaskPair(row['query_image'], row['target_image'], row['query_mask'], None, row['model_mask'],
                              confidence=row['confidence'], object_name=row['sample_id'], direction=row['direction'])
                     for row in results[start:start + _MAX_DRAWN]]
            paths.append(out_dir / f'pairs_{start // _MAX_DRAWN}.png')
            draw_mask_pairs(pairs).savefig(paths[-1], dpi=200)
        return paths


def _align(**sources: object) -> list[tuple]:
    """One tuple per pair; what is given once goes with all."""
    lists = {name: list(value) if isinstance(value, list | tuple) else None for name, value in sources.items()}
    sizes = {name: len(value) for name, value in lists.items() if value is not None}
    number = max(sizes.values(), default=1)
    if set(sizes.values()) - {number} or not number:
        told = ', '.join(f'{size} of {name}' for name, size in sizes.items())
        raise ValueError(f'expected one query_image, query_mask and target_image, or lists of one length, got {told}.')
    return list(zip(*([sources[name]] * number if value is None else value for name, value in lists.items()),
                    strict=True))


def _picture(source: PictureSource, where: str) -> np.ndarray:
    """RGB, uint8 (H, W, 3)."""
    if not isinstance(source, np.ndarray):
        return read_picture(source)
    if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3 or not source.size:
        raise DataError(explain(where, 'RGB, uint8 (H, W, 3), or a picture file', f'{source.dtype} {source.shape}',
                                'Convert it; grey pictures need three channels.'))
    return source


def _mask(source: MaskSource, where: str) -> Rle:
    """Run lengths of a mask with at least one pixel."""
    if isinstance(source, Mapping):
        rle = check_rle(dict(source), where)
    else:
        array = source if isinstance(source, np.ndarray) else _read_mask(source)
        if array.ndim != 2 or array.dtype.kind not in 'buif' or (array.dtype.kind == 'f' and np.isnan(array).any()):
            raise AnnotationError(explain(where, 'an array (h, w) that is not 0 on the object', f'{array.dtype} '
                                          f'{array.shape}', 'Give the mask of one object.'))
        rle = encode_mask(array)
    if not decode_rle(rle, where).any():
        raise AnnotationError(explain(where, 'a mask with at least one pixel', 'an empty one',
                                      'Mark the object in the query picture.'))
    return rle


def _read_mask(path: str | Path) -> np.ndarray:
    """Pixels of a picture that are not black; bool, (h, w)."""
    check_file(path, AnnotationError, 'a mask')
    try:
        with Image.open(path, formats=('PNG', 'BMP', 'GIF')) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError(f'{picture.width} x {picture.height} pixels, more than {MAX_PIXELS:,}')
            # An indexed picture holds the object's number, whatever colour that is shown in.
            array = np.array(picture if picture.mode in ('1', 'L', 'P', 'I', 'I;16') else picture.convert('RGB'))
    except Exception as error:  # pillow's decoders fail in many ways; all of them mean the same to the caller
        raise AnnotationError(explain(path, 'a mask, PNG, BMP or GIF', f'data that cannot be decoded '
                                      f'({type(error).__name__})', 'JPEG blurs the border of a mask. Save it as PNG.'
                                      )) from error
    return array.any(axis=2) if array.ndim == 3 else array != 0
