from egoexo.models.segmentation.segmentor import DomainOutputs, Segmentor

__all__ = ['DomainOutputs', 'Segmentor']
