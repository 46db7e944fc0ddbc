from egoexo.structures.data_sample import EgoExoDataSample
from egoexo.structures.fields import FIELDS, Field, check_field

__all__ = ['FIELDS', 'EgoExoDataSample', 'Field', 'check_field']
