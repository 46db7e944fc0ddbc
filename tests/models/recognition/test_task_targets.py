import pytest
import torch

from egoexo.errors import AnnotationError
from egoexo.models.recognition.task_targets import gather_labels, gather_vectors
from egoexo.structures import EgoExoDataSample


def sample(name='P01_11_3', **fields):
    return EgoExoDataSample(metainfo=dict(sample_id=name), **fields)


def test_labels():
    samples = [sample(gt_verb_label=torch.tensor(label)) for label in (4, 0)]
    found = gather_labels(samples, 'verb', 5)
    assert found.tolist() == [4, 0] and found.dtype == torch.int64


@pytest.mark.parametrize(('fields', 'text'), [
    (dict(gt_noun_label=torch.tensor(-1)), r'from 0 to 4, because the network is trained with it, found none \(-1\). '
     'Train on a list with labels'),
    ({}, r'found none \(-1\)'),
    (dict(gt_noun_label=torch.tensor(5)), 'expected a class id from 0 to 4, found 5. Correct num_classes.noun of the '
     'head, in the config or by --cfg-options model.cls_head.num_classes.noun=NUMBER')])
def test_missing_and_unknown_labels_are_named(fields, text):
    samples = [sample('P01_11_2', gt_noun_label=torch.tensor(0)), sample(**fields)]
    with pytest.raises(AnnotationError, match=f'gt_noun_label of P01_11_3: .*{text}'):
        gather_labels(samples, 'noun', 5)


def test_vectors():
    samples = [sample(gt_verb_targets=torch.tensor(row)) for row in ([1.0, 0.0], [0.0, 1.0])]
    assert gather_vectors(samples, 'gt_verb_targets', 2).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(('fields', 'text'), [
    ({}, 'expected 3 numbers, found none'), (dict(gt_ego_logits=torch.zeros(2)), 'expected 3 numbers, found 2')])
def test_missing_and_wrong_vectors_are_named(fields, text):
    with pytest.raises(AnnotationError, match=f'gt_ego_logits of P01_11_3: {text}. Set num_classes'):
        gather_vectors([sample(**fields)], 'gt_ego_logits', 3)
