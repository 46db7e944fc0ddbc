"""The words of the mini kitchen: stations, objects, verbs, coarse classes, templates and recipes. Data only.

Verb, noun and coarse class ids are the official ones of EgoExoLearn: verbs and nouns are 0-based data rows of
``narration_verb_taxonomy.csv`` and ``narration_noun_taxonomy.csv``, coarse classes come from ``semantic_en.json``
(its spelling mistakes are left to the writer of that file).
"""

from dataclasses import dataclass

__all__ = ['COARSE_CLASSES', 'CONTAINERS', 'COOKING_CLASSES', 'INGREDIENTS', 'OBJECTS', 'OPTIONAL_CLASSES', 'RECIPES',
           'RECIPES_ALL_CLASSES', 'STATIONS', 'TEMPLATES', 'VERBS', 'ObjectSpec', 'RecipeNode', 'TemplateAction',
           'VerbSpec']


@dataclass(frozen=True)
class ObjectSpec:
    """A kind of object; there is at most one of each in a kitchen.

    Args:
        name (str): Name, also its id in :data:`OBJECTS`.
        shape (str): ``'ellipsoid'``, ``'box'`` or ``'cylinder'`` (upright).
        half_size (tuple[float, float, float]): Metres.
        color (tuple[int, int, int]): BGR.
        station (str): Where it stays.
        noun_id (int): Row of the official noun taxonomy.
        noun_label (str): Label of that row.
        words (tuple[str, ...]): How narrators call it, the plain word first.
        instance_id (int): Value in the id images, 1..26.
    """

    name: str
    shape: str
    half_size: tuple[float, float, float]
    color: tuple[int, int, int]
    station: str
    noun_id: int
    noun_label: str
    words: tuple[str, ...]
    instance_id: int = 0


@dataclass(frozen=True)
class VerbSpec:
    """A verb and its motion.

    Args:
        name (str): Name.
        verb_id (int): Row of the official verb taxonomy.
        frequency (float): Oscillation in Hz.
        amplitude (tuple[float, float, float]): Oscillation in metres along x, y, z.
        height (float): Height of the hand above the work point in metres.
        base_sec (float): Duration at tempo 1.
        two_handed (bool): The left hand moves in counter phase.
        words (tuple[str, ...]): Third person synonyms of one taxonomy group, the plain word first.
    """

    name: str
    verb_id: int
    frequency: float
    amplitude: tuple[float, float, float]
    height: float
    base_sec: float = 1.6
    two_handed: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class TemplateAction:
    """One fine action of a coarse class.

    Args:
        verb (str): Verb name.
        nouns (tuple[str, ...]): Objects, the acted-on one first.
        station (str): Where.
        tool (str | None): Object held in the right hand during the action.
    """

    verb: str
    nouns: tuple[str, ...]
    station: str
    tool: str | None = None


@dataclass(frozen=True)
class RecipeNode:
    """A node of a task graph.

    Args:
        class_id (int): Coarse class.
        requires (tuple[int, ...]): Indices of the nodes that must be done before.
    """

    class_id: int
    requires: tuple[int, ...] = ()


# Position of each station along the counter in metres.
STATIONS = {'shelf': -1.00, 'sink': -0.50, 'board': 0.00, 'stove': 0.55, 'table': 1.05}

# name, shape, half size in mm, BGR, station, official noun id and label, words of narrators. The official lists call
# a pan "pants" (row 347 holds the synonym "pan") and a pot "pot_(planter)"; green vegetables are scallions.
_OBJECT_ROWS = (
    ('tomato', 'ellipsoid', (42, 42, 42), (40, 40, 215), 'shelf', 525, 'tomato', ('tomato', 'red tomato')),
    ('green_vegetable', 'ellipsoid', (70, 50, 30), (60, 170, 60), 'shelf', 582, 'scallion',
     ('green vegetable', 'scallion', 'leafy vegetable')),
    ('eggplant', 'ellipsoid', (90, 35, 35), (130, 30, 90), 'shelf', 172, 'eggplant', ('eggplant', 'purple eggplant')),
    ('potato', 'ellipsoid', (55, 42, 40), (70, 150, 190), 'shelf', 391, 'potato', ('potato', 'brown potato')),
    ('pepper', 'ellipsoid', (60, 30, 30), (30, 200, 120), 'shelf', 363, 'pepper_(vegetable)_(capsicum,_pepper)',
     ('pepper', 'green pepper')),
    ('cucumber', 'ellipsoid', (100, 22, 22), (50, 110, 20), 'shelf', 141, 'cucumber', ('cucumber', 'long cucumber')),
    ('meat', 'box', (70, 50, 25), (120, 110, 220), 'shelf', 296, 'meat_(beef,_ham,_meat)', ('meat', 'raw meat')),
    ('tofu', 'box', (50, 50, 30), (225, 235, 240), 'shelf', 522, 'tofu', ('tofu', 'white tofu')),
    ('egg', 'ellipsoid', (30, 25, 25), (190, 225, 245), 'table', 171, 'egg', ('egg', 'fresh egg')),
    ('dough', 'ellipsoid', (60, 60, 35), (180, 215, 235), 'table', 156, 'dough', ('dough', 'soft dough')),
    ('garlic', 'ellipsoid', (28, 28, 25), (225, 225, 215), 'board', 209, 'garlic', ('garlic', 'garlic clove')),
    ('ginger', 'ellipsoid', (40, 25, 20), (110, 190, 215), 'board', 216, 'ginger', ('ginger', 'ginger root')),
    ('knife', 'box', (110, 15, 8), (200, 200, 200), 'board', 268, 'knife_(knife,_machete)', ('knife', 'cleaver')),
    ('bowl', 'cylinder', (80, 80, 50), (215, 150, 90), 'table', 49, 'bowl', ('bowl', 'blue bowl')),
    ('plate', 'cylinder', (110, 110, 12), (230, 230, 235), 'table', 381, 'plate_(dish,_plate,_platter,_saucer)',
     ('plate', 'dish')),
    ('pot', 'cylinder', (120, 120, 80), (150, 130, 120), 'stove', 390, 'pot_(planter)', ('pot', 'soup pot')),
    ('pan', 'cylinder', (140, 140, 25), (40, 40, 45), 'stove', 347, 'pants_(jean,_pant,_short,_trouser)',
     ('pan', 'frying pan')),
    ('lid', 'cylinder', (120, 120, 10), (180, 165, 110), 'stove', 280, 'lid_(cap,_cover,_lid)', ('lid', 'pot lid')),
    ('shovel', 'box', (140, 15, 10), (30, 90, 150), 'stove', 447, 'shovel_(hoe,_shovel,_spade)',
     ('shovel', 'cooking shovel')),
    ('spoon', 'box', (80, 12, 8), (160, 190, 200), 'table', 477, 'spoon_(spoon,_spoonful)', ('spoon', 'big spoon')),
    ('chopstick', 'box', (110, 6, 6), (40, 70, 120), 'table', 106, 'chopstick', ('chopstick', 'pair of chopsticks')),
    ('seasoning', 'cylinder', (28, 28, 80), (30, 50, 60), 'stove', 436,
     'seasoning_(salt,_seasoning,_shaker,_spice,_sugar)', ('seasoning', 'spice')),
    ('oil', 'cylinder', (30, 30, 110), (40, 200, 230), 'stove', 331, 'oil_(fat,_oil)', ('oil', 'cooking oil')),
    ('basin', 'cylinder', (140, 140, 50), (200, 120, 60), 'sink', 583, 'basin', ('basin', 'washbasin')),
    ('water', 'cylinder', (20, 20, 120), (235, 200, 150), 'sink', 561, 'water', ('water', 'tap water')),
    ('chopping_board', 'box', (170, 120, 10), (110, 160, 200), 'board', 105, 'chopping_board',
     ('chopping board', 'cutting board')),
)
OBJECTS = {row[0]: ObjectSpec(row[0], row[1], tuple(side / 1000 for side in row[2]), *row[3:], instance_id=index)
           for index, row in enumerate(_OBJECT_ROWS, 1)}
# Present only when the recipe needs them, or as one of the extra ones.
INGREDIENTS = ('tomato', 'green_vegetable', 'eggplant', 'potato', 'pepper', 'cucumber', 'meat', 'tofu', 'egg', 'dough',
               'garlic', 'ginger')
# Stand on the counter and are worked in; never carried unless they are the tool of the action.
CONTAINERS = ('bowl', 'plate', 'pot', 'pan', 'basin', 'chopping_board')

# name, taxonomy row, Hz, amplitude in mm, height in m, two-handed, words.
_VERB_ROWS = (
    ('adjust', 0, 1.2, (15, 15, 0), .03, False, ('adjusts', 'regulates', 'changes')),
    ('cover', 14, .5, (0, 30, 40), .12, True, ('covers', 'puts a cover on', 'caps')),
    ('cut', 17, 3.0, (20, 0, 45), .06, False, ('cuts', 'chops', 'slices')),
    ('fill', 28, .3, (0, 0, 30), .10, False, ('fills', 'tops up', 'fills up')),
    ('hold', 36, .0, (0, 0, 0), .08, True, ('holds', 'supports', 'grips')),
    ('mix', 48, 1.5, (60, 50, 0), .05, False, ('mixes', 'stirs', 'blends')),
    ('move', 50, .6, (120, 20, 20), .06, True, ('moves', 'carries', 'transfers')),
    ('open', 51, .6, (0, 0, 50), .14, False, ('opens', 'unwraps', 'opens up')),
    ('operate', 52, .7, (0, 20, 0), -.02, False, ('operates', 'uses', 'runs')),
    ('pour', 61, .25, (30, 0, 20), .22, False, ('pours', 'drains', 'empties')),
    ('press', 62, .8, (0, 0, 60), .04, True, ('presses', 'flattens', 'compresses')),
    ('put', 66, .0, (0, 0, 0), .04, False, ('puts down', 'places', 'drops')),
    ('remove', 68, 1.8, (40, 0, 10), .05, False, ('peels', 'removes the skin of', 'strips')),
    ('scoop', 72, .8, (70, 0, 50), .06, False, ('scoops', 'ladles', 'scoops up')),
    ('shake', 79, 4.5, (50, 0, 20), .18, False, ('shakes', 'sways', 'vibrates')),
    ('take', 93, .0, (0, 0, 0), .04, False, ('takes', 'picks up', 'grabs')),
    ('throw', 95, .7, (120, 0, 50), .12, False, ('throws', 'tosses', 'dumps')),
    ('turn', 100, .9, (20, 30, 50), .06, False, ('turns', 'flips', 'rotates')),
    ('wash', 109, 2.0, (50, 40, 0), .02, True, ('washes', 'rinses', 'rinses off')),
)
_BASE_SEC = {'take': 1.0, 'put': 0.9}
VERBS = {name: VerbSpec(name, verb_id, hz, tuple(side / 1000 for side in amplitude), height, _BASE_SEC.get(name, 1.6),
                        both, words)
         for name, verb_id, hz, amplitude, height, both, words in _VERB_ROWS}

# Index = official class id; 0 is not in the official file.
COARSE_CLASSES = (
    'background', 'Prepare tomato', 'Prepare green vegetable', 'Prepare eggplant', 'Prepare potato',
    'Prepare green/red pepper', 'Prepare cucumber', 'Prepare spices', 'Prepare dough', 'Prepare sauce', 'Prepare meat',
    'Prepare egg', 'Cut tomato', 'Cut green vegetable', 'Cut eggplant', 'Cut potato', 'Cut green/red pepper',
    'Cut meat', 'Cut spices', 'Boil soup', 'Boil meat', 'Boil tofu', 'Boil green vegetable', 'Deep frying',
    'Stir-frying', 'Add sauce', 'Clean utensil/hand', 'Other')
# May be skipped; everything else is essential.
OPTIONAL_CLASSES = frozenset({7, 18, 19, 26})
# Whatever is cut goes into the pan when one of these begins.
COOKING_CLASSES = frozenset({20, 21, 22, 23, 24})


def _prepare(name: str) -> tuple[TemplateAction, ...]:
    return (TemplateAction('take', (name,), 'shelf'),
            TemplateAction('wash', (name, 'water'), 'sink', name),
            TemplateAction('put', (name,), 'board'))


def _cut(name: str) -> tuple[TemplateAction, ...]:
    return (TemplateAction('take', ('knife',), 'board'),
            TemplateAction('cut', (name, 'knife'), 'board', 'knife'),
            TemplateAction('put', ('knife',), 'board'))


_PREPARED = {1: 'tomato', 2: 'green_vegetable', 3: 'eggplant', 4: 'potato', 5: 'pepper', 6: 'cucumber', 10: 'meat'}
_CUT = {12: 'tomato', 13: 'green_vegetable', 14: 'eggplant', 15: 'potato', 16: 'pepper', 17: 'meat', 18: 'garlic'}
_A = TemplateAction
TEMPLATES = {
    **{class_id: _prepare(name) for class_id, name in _PREPARED.items()},
    **{class_id: _cut(name) for class_id, name in _CUT.items()},
    7: (_A('take', ('garlic',), 'board'), _A('remove', ('garlic',), 'board', 'garlic')),
    8: (_A('pour', ('water', 'dough'), 'table', 'water'), _A('press', ('dough',), 'table')),
    9: (_A('open', ('seasoning',), 'table', 'seasoning'), _A('mix', ('bowl', 'spoon'), 'table', 'spoon')),
    11: (_A('take', ('egg',), 'table'), _A('press', ('egg', 'bowl'), 'table', 'egg'),
         _A('mix', ('egg', 'chopstick'), 'table', 'chopstick')),
    19: (_A('fill', ('pot', 'water'), 'stove', 'water'), _A('operate', ('pot',), 'stove'),
         _A('cover', ('pot', 'lid'), 'stove', 'lid')),
    20: (_A('open', ('lid',), 'stove', 'lid'), _A('turn', ('meat', 'chopstick'), 'stove', 'chopstick')),
    21: (_A('take', ('tofu',), 'shelf'), _A('put', ('tofu',), 'stove'), _A('hold', ('pot',), 'stove')),
    22: (_A('throw', ('green_vegetable', 'pot'), 'stove', 'green_vegetable'),
         _A('turn', ('pot', 'spoon'), 'stove', 'spoon')),
    23: (_A('pour', ('oil', 'pan'), 'stove', 'oil'), _A('turn', ('pan', 'chopstick'), 'stove', 'chopstick')),
    24: (_A('take', ('shovel',), 'stove'), _A('mix', ('pan', 'shovel'), 'stove', 'shovel')),
    25: (_A('take', ('seasoning',), 'stove'), _A('shake', ('seasoning', 'pan'), 'stove', 'seasoning')),
    26: (_A('wash', ('basin', 'water'), 'sink'), _A('adjust', ('basin',), 'sink')),
    27: (_A('move', ('plate',), 'table', 'plate'), _A('scoop', ('plate', 'spoon'), 'table', 'spoon')),
}


def _recipe(text: str) -> tuple[RecipeNode, ...]:
    """``'1; 12<-0'``: a node of class 1, then one of class 12 that needs node 0."""
    nodes = []
    for part in text.split(';'):
        class_id, _, needs = part.strip().partition('<-')
        nodes.append(RecipeNode(int(class_id), tuple(int(index) for index in needs.split(',') if index)))
    return tuple(nodes)


# 18 of the 27 classes, so that 24 training videos show each often enough.
RECIPES = {
    'task1': _recipe('1; 12<-0; 11; 7; 18<-3; 23<-2; 24<-5; 24<-1,6; 25<-7; 24<-8; 27<-9'),
    'task2': _recipe('10; 17<-0; 2; 13<-2; 7; 18<-4; 23<-1; 24<-3,5,6; 25<-7; 19; 27<-8,9'),
    'task3': _recipe('4; 15<-0; 1; 12<-2; 7; 23; 24<-1,3,5; 25<-6; 24<-7; 19; 27<-8'),
    'task4': _recipe('2; 13<-0; 10; 17<-2; 11; 23<-1; 24<-3,5; 25<-4,6; 24<-7; 7; 27<-8'),
    'task5': _recipe('4; 15<-0; 19; 2; 13<-3; 22<-2,4; 24<-1; 25<-5,6; 11; 24<-8; 27<-7,9'),
}
# All 27 classes over the five tasks; for the preset with 150 videos per view.
RECIPES_ALL_CLASSES = {
    'task1': _recipe('1; 12<-0; 5; 16<-2; 11; 23<-4; 24<-1,5; 9; 24<-3,6; 25<-7,8; 27<-9'),
    'task2': _recipe('10; 17<-0; 2; 13<-2; 7; 18<-4; 20<-1; 24<-3,5,6; 25<-7; 19; 27<-8,9'),
    'task3': _recipe('3; 14<-0; 4; 15<-2; 7; 18<-4; 23<-1; 24<-3,5,6; 25<-7; 24<-8; 27<-9'),
    'task4': _recipe('6; 8; 9<-0; 10; 17<-3; 23<-1; 24<-4,5; 25<-2,6; 24<-7; 7; 27<-8'),
    'task5': _recipe('19; 21<-0; 2; 13<-2; 22<-1,3; 6; 9; 25<-4,6; 11; 24<-8; 27<-5,7,9'),
}
