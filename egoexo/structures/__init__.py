from egoexo.structures.clip_views import ClipViews
from egoexo.structures.data_sample import EgoExoDataSample
from egoexo.structures.fields import FIELDS, Field, add_field, check_field

__all__ = ['ClipViews', 'EgoExoDataSample', 'FIELDS', 'Field', 'add_field', 'check_field']
