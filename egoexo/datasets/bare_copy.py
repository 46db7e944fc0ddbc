"""Copies of data samples that may be written to."""

from egoexo.structures import EgoExoDataSample

__all__ = ['bare_copy']


def bare_copy(sample: EgoExoDataSample) -> EgoExoDataSample:
    """Another sample with the same meta information and ground truth; 20 times as fast as making it anew.

    Args:
        sample (EgoExoDataSample): One that nobody writes predictions to.

    Returns:
        EgoExoDataSample: Shares the values; fields set on it do not appear in ``sample``.
    """
    copy = EgoExoDataSample.__new__(EgoExoDataSample)
    fields = dict(_metainfo_fields=set(sample._metainfo_fields), _data_fields=set(sample._data_fields))
    copy.__dict__.update(sample.__dict__ | fields)
    return copy
