import hashlib

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from egoexo.visualization.palette import CLASS_COLORS, KINDS, class_color, display_name, group_by_kind, ink_on

# Machado et al. 2009, severity 1.0, on linear RGB.
SIGHT = {
    'normal': np.eye(3),
    'protan': np.array([[.152286, 1.052583, -.204868], [.114503, .786281, .099216], [-.003882, -.048116, 1.051998]]),
    'deutan': np.array([[.367322, .860646, -.227968], [.280085, .672501, .047413], [-.011820, .042940, .968881]]),
}
TO_LMS = np.array([[.4122214708, .5363325363, .0514459929], [.2119034982, .6806995451, .1073969566],
                   [.0883024619, .2817188376, .6299787005]])
TO_LAB = np.array([[.2104542553, .7936177850, -.0040720468], [1.9779984951, -2.4285922050, .4505937099],
                   [.0259040371, .7827717662, -.8086757660]])


def smallest_distance(colors, sight):
    rgb = np.array([to_rgb(color) for color in colors])
    linear = np.where(rgb <= .04045, rgb / 12.92, ((rgb + .055) / 1.055) ** 2.4)
    lab = np.cbrt(np.clip(linear @ SIGHT[sight].T, 0, 1) @ TO_LMS.T) @ TO_LAB.T
    distance = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    return distance[np.triu_indices(len(colors), 1)].min()


def test_colours_never_change():
    assert hashlib.sha256(' '.join(CLASS_COLORS).encode()).hexdigest()[:16] == '8df787efe4d19ba3'
    assert class_color(0) == '#ebebeb'
    assert class_color(24) == '#eed54f'


@pytest.mark.parametrize(('sight', 'at_least'), [('normal', 0.08), ('protan', 0.05), ('deutan', 0.05)])
def test_colours_stay_apart(sight, at_least):
    # 0.02 in OKLab is about one just noticeable difference.
    assert smallest_distance(CLASS_COLORS, sight) > at_least


def test_kinds_hold_every_class_once():
    assert sorted(index for _, members in KINDS for index in members) == list(range(28))
    assert len(set(CLASS_COLORS)) == 28
    assert all(to_hex(color) == color for color in CLASS_COLORS)


def test_longer_lists_have_colours_of_their_own():
    colors = [class_color(index) for index in range(120)]
    assert len(set(colors)) == 120
    # Neighbours in the list, which often follow each other in time, stay apart.
    assert min(smallest_distance(colors[index:index + 2], 'normal') for index in range(28, 119)) > 0.1


def test_negative_class():
    with pytest.raises(ValueError, match='class id -1 has no colour: expected 0'):
        class_color(-1)


@pytest.mark.parametrize(('color', 'ink'), [('white', '#111111'), ('black', 'white'), ('#eed54f', '#111111'),
                                            ('#5b2b85', 'white')])
def test_ink_contrasts(color, ink):
    assert ink_on(color) == ink


def test_released_spelling_is_mended_in_figures():
    assert display_name('Prepare greed/red pepper') == 'Prepare green/red pepper'
    assert display_name('Add sause') == 'Add sauce'
    assert display_name('Cut meat') == 'Cut meat'


def test_group_by_kind():
    names = ['background', *(f'Prepare {index}' for index in range(1, 12)), *(f'Cut {i}' for i in range(12, 19)),
             *(f'Boil {index}' for index in range(19, 23)), 'Deep frying', 'Stir-frying', 'Add sause', 'Clean', 'Other']
    assert group_by_kind([24, 12, 0, 13, 25], names) == [
        ('Cut', [(12, '12'), (13, '13')]), ('Fry', [(24, 'Stir-frying')]), ('Finish', [(25, 'Add sauce')]),
        ('No label', [(0, 'background')])]


def test_other_class_list_is_one_group():
    assert group_by_kind([2, 0], ['rest', 'walk', 'run']) == [('', [(0, 'rest'), (2, 'run')])]
