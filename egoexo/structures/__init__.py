from egoexo.structures.data_sample import EgoExoDataSample
from egoexo.structures.fields import FIELDS, Field, add_field, check_field

__all__ = ['FIELDS', 'EgoExoDataSample', 'Field', 'add_field', 'check_field']
