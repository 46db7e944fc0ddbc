"""Batches of clips."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.model import BaseDataPreprocessor

from egoexo.errors import DataError, explain
from egoexo.registry import MODELS
from egoexo.structures import ClipViews

__all__ = ['ClipDataPreprocessor']


@MODELS.register_module()
class ClipDataPreprocessor(BaseDataPreprocessor):
    """Moves stored frames to the device, a byte per number and each once, and makes the clips there.

    Args:
        mean (float): Of all channels, for values from 0 to 1.
        std (float): Of all channels, in the same unit.
        **kwargs: See :class:`mmengine.model.BaseDataPreprocessor`.

    Examples:
        >>> views = ClipViews(torch.zeros(4, 6, 8, 3).byte(), torch.arange(4)[None], torch.zeros(1, 2).long(), 6)
        >>> batch = ClipDataPreprocessor()(dict(inputs=[views.fields()], data_samples=[]))
        >>> batch['inputs'].shape, batch['inputs'][0, 0, 0, 0, 0]
        (torch.Size([1, 3, 4, 6, 6]), tensor(-2.))
    """

    def __init__(self, mean: float = 0.45, std: float = 0.225, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.mean, self.std = mean, std

    @torch.compiler.disable  # it would be compiled anew for each size of frames
    def forward(self, data: dict, training: bool = False) -> dict:
        """Make one batch.

        Args:
            data (dict): ``inputs`` as :func:`egoexo.datasets.collate_clips` makes them: N dicts with the fields of
                :class:`ClipViews`, or such a list for each stream; ``data_samples``.
            training (bool): Not used.

        Returns:
            dict: ``inputs``, float32 (N, 3, T, S, S) on the device if each sample is one clip, else N
            :class:`ClipViews` there, to be made a few at a time; of several streams a dict. ``data_samples``, which
            stay where they are.

        Raises:
            DataError: If single clips differ in length or size.
        """
        inputs, samples = data['inputs'], data.get('data_samples')
        if isinstance(inputs, Mapping):
            batch = {stream: self._stream(items, samples) for stream, items in inputs.items()}
        else:
            batch = self._stream(inputs, samples)
        return dict(inputs=batch, data_samples=samples)

    def _stream(self, items: Sequence[Mapping], samples: Sequence | None) -> torch.Tensor | list[ClipViews]:
        views = [ClipViews(**item | dict(mean=self.mean, std=self.std)).to(self.device) for item in items]
        if any(len(clips) > 1 for clips in views):
            return views
        shapes = [(3, clips.clip_len, clips.crop_size, clips.crop_size) for clips in views]
        if len(set(shapes)) > 1:
            names = [sample.get('sample_id', '?') for sample in samples or [{}] * len(shapes)]
            found = ', '.join(f'{name}: {shape}' for name, shape in zip(names, shapes, strict=True))
            raise DataError(explain('ClipDataPreprocessor', 'clips of one length and size', found,
                                    'Give all lists of the loader the same pipeline.'))
        batch = torch.empty((len(views), *shapes[0]), device=self.device)
        for place, clips in enumerate(views):
            clips.make(out=batch[place:place + 1])
        return batch
