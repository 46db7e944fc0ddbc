from egoexo.utils.loader_configs import iter_datasets


def test_iter_datasets_inherits_roots_in_order():
    loader = {'dataset': {'data_root': 'a', 'datasets': [
        {'ann_file': '1'}, {'dataset': {'ann_file': '2', 'data_root': 'b'}}, {'ann_file': '3'}]}}
    assert [(item['ann_file'], root) for item, root in iter_datasets(loader)] == [('1', 'a'), ('2', 'b'), ('3', 'a')]
    assert list(iter_datasets(None)) == []
