"""The whole Ego-Exo4D layout: names of the files, and the same bytes each time."""

from egoexo.mini.layouts.egoexo4d import write_layout

FILES = ['annotations/atomic_descriptions_train.json', 'annotations/atomic_descriptions_val.json',
         'annotations/keystep_train.json', 'annotations/keystep_val.json', 'annotations/relations_train.json',
         'annotations/relations_val.json', 'annotations/split.json', 'annotations/splits.json', 'captures.json',
         'ego2exo_recipe.json', 'participants.json', 'physical_setting.json', 'takes.json']


def test_files_and_facts(take_world):
    written = sorted(path.relative_to(take_world.root).as_posix() for path in take_world.root.rglob('*.json'))
    assert written == FILES
    assert set(take_world.facts) == {'takes', 'keystep_segments', 'atomic_descriptions', 'relations', 'transfer'}
    assert take_world.facts['keystep_segments']['train'] == sum(
        len(record.state.actions) for record in take_world.records if record.plan.split == 'train')


def test_order_of_the_records_does_not_matter(take_world, tmp_path):
    write_layout(tmp_path, take_world.records[::-1], take_world.preset, 0)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (take_world.root / name).read_bytes()
