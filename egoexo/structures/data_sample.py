"""The container in which ground truth and predictions of one sample travel."""

from mmengine.structures import BaseDataElement

from egoexo.structures.fields import check_field

__all__ = ['EgoExoDataSample']


class EgoExoDataSample(BaseDataElement):
    """One sample: meta information plus the fields of :data:`egoexo.structures.fields.FIELDS`.

    Every ``gt_*`` and ``pred_*`` value is checked against the table when it is set, so a wrong dtype or shape is
    found at its writer and not three rooms later. Meta keys of sequence benchmarks: ``sample_id``, ``view``,
    ``subset`` (e.g. ``'ego_val'``), ``task``.

    Examples:
        >>> import torch
        >>> sample = EgoExoDataSample(metainfo=dict(sample_id='2c23b45a', view='exo'))
        >>> sample.gt_frame_labels = torch.zeros(5, dtype=torch.int64)
        >>> sample.view
        'exo'
    """

    def set_field(self, value: object, name: str, dtype: type | None = None, field_type: str = 'data') -> None:
        """Check, then set; see :meth:`BaseDataElement.set_field`."""
        if field_type == 'data':
            check_field(name, value)
        super().set_field(value, name, dtype=dtype, field_type=field_type)

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith('_'):
            check_field(name, value)
        super().__setattr__(name, value)
