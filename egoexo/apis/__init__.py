from egoexo.apis.config import get_config, load_config

__all__ = ['get_config', 'load_config']
