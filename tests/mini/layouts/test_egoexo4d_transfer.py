"""The recipe for the builder of Ego2Exo names what the annotations hold."""

from collections import Counter

from egoexo.mini.layouts.egoexo4d_transfer import MIN_SEGMENTS, transfer_classes


def test_recipe_names_training_takes_scenarios_and_classes(take_world):
    recipe = take_world.read('ego2exo_recipe.json')
    train = take_world.read('annotations/keystep_train.json')
    val = take_world.read('annotations/keystep_val.json')
    assert recipe['take_ids'] == list(train['annotations'])
    assert set(recipe['scenarios']) == {take['scenario'] for file in (train, val)
                                        for take in file['annotations'].values()}
    tops = Counter()
    for take in train['annotations'].values():
        tree = train['taxonomy'][take['scenario']]
        tops.update(tree[str(segment['step_id'])]['parent_name'] for segment in take['segments'])
    assert set(recipe['classes']) == {name for name, count in tops.items() if count >= MIN_SEGMENTS}
    assert len(recipe['classes']) == len(set(recipe['classes'])) >= 5
    assert take_world.facts['transfer'] == {name: len(values) for name, values in recipe.items()}


def test_rare_classes_are_left_out_by_share(take_world):
    """In twenty copies of the takes the rarest classes have enough segments, but not every class a share of 2 %."""
    takes = [record for record in take_world.records if record.plan.split == 'train']
    many = transfer_classes(takes * 20)
    counts = Counter(record.state.steps[action.step_index].class_id for record in takes
                     for action in record.state.actions)
    assert len(many) == sum(count >= 0.02 * counts.total() for count in counts.values())
    assert set(transfer_classes(takes)) <= set(many)
