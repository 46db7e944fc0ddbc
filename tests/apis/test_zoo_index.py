from concurrent.futures import ThreadPoolExecutor

from egoexo.apis.zoo_index import add_to_zoo, read_zoo


def test_entries_added_at_once_are_all_there(tmp_path):
    for number in range(12):
        (tmp_path / f'{number}.pth').write_text(str(number))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: add_to_zoo(f'm{number}', tmp_path / f'{number}.pth', 'c.py', {}), range(12)))
    assert sorted(read_zoo(tmp_path)) == sorted(f'm{number}' for number in range(12))
    assert not list(tmp_path.glob('*.lock'))


def test_a_new_file_replaces_the_entry(tmp_path):
    for name in ('a', 'b'):
        (tmp_path / name).write_text(name)
        add_to_zoo('mini', tmp_path / name, 'mini.py', {'ego_test/Avg': 68.8})
    entry = read_zoo(tmp_path)['mini']
    assert (entry['file'], entry['config'], entry['metrics']) == ('b', 'mini.py', {'ego_test/Avg': 68.8})
    assert (tmp_path / 'a').exists()
