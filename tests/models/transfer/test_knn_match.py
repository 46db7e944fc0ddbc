import pytest
import torch
from torch import nn

from egoexo.errors import AnnotationError, ConfigError
from egoexo.models.transfer import KNNMatch, TextEncoder
from egoexo.registry import MODELS

ANGLES = dict(a=0, b=10, c=20, d=80, e=90, f=100, g=200)


@MODELS.register_module(force=True)
class AngleEncoder(TextEncoder):
    """Texts are directions in the plane."""

    def __init__(self):
        super().__init__(dim=2)
        self.scale = nn.Buffer(torch.tensor(3.0), persistent=False)

    def forward(self, texts):
        angles = torch.tensor([float(ANGLES.get(text, text)) for text in texts]).deg2rad()
        return self.scale * torch.stack([angles.cos(), angles.sin()], dim=1)


def fitted(labels=(0, 1, 1, 2, 2, 0, 2), **options):
    model = KNNMatch(dict(type='AngleEncoder'), **dict(dict(num_classes=4, capacity=10), **options))
    model.fit_texts(list(ANGLES), list(labels))
    return model


def test_most_of_the_three_nearest():
    assert fitted()(['12', '85', '201']).tolist() == [[1, 2, 0, 0], [1, 0, 2, 0], [1, 0, 2, 0]]


def test_smallest_class_wins_a_draw():
    votes = fitted(labels=(3, 2, 1, 0, 0, 0, 0))(['12'])
    assert votes.tolist() == [[0, 1, 1, 1]]
    assert votes.numpy().argmax() == 1


def test_one_neighbour_and_more_than_there_are():
    assert fitted(num_neighbours=1)(['81']).argmax(1).tolist() == [2]
    assert fitted(num_neighbours=50)(['81']).tolist() == [[2, 2, 3, 0]]


def test_checkpoint_holds_the_source():
    model, other = fitted(), KNNMatch(dict(type='AngleEncoder'), num_classes=4, capacity=10)
    assert {name: tuple(value.shape) for name, value in model.state_dict().items()} == {
        'source_vectors': (10, 2), 'source_labels': (10,)}
    other.load_state_dict(model.state_dict())
    assert other.fitted
    assert torch.equal(other(['12', '85']), model(['12', '85']))


def test_a_second_source_replaces_the_first():
    model = fitted()
    model.fit_texts(['e'], [3])
    assert model(['0']).tolist() == [[0, 0, 0, 1]]


@pytest.mark.parametrize(('texts', 'labels', 'message'), [
    (['a', 'b'], [], 'found no labels'), (['a'], [4], 'class id from 0 to 3 .*found labels from 4 to 4'),
    ([], [], 'found no labels')])
def test_labels_are_needed(texts, labels, message):
    with pytest.raises(AnnotationError, match=message):
        fitted().fit_texts(texts, labels)


def test_too_many_texts():
    with pytest.raises(ConfigError, match='capacity: expected at least 7, the number of source texts, found 6'):
        fitted(capacity=6)


def test_wrong_numbers():
    with pytest.raises(ConfigError, match='at least 1, found 0, 10'):
        fitted(num_neighbours=0)
