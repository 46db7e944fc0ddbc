import pickle

from egoexo.datasets.recent_cache import RecentCache


def test_keeps_what_was_used_last() -> None:
    cache = RecentCache(10)
    cache.put('a', 1, 4)
    cache.put('b', 2, 4)
    assert cache.get('a') == 1  # now b is the oldest
    cache.put('c', 3, 4)
    assert [cache.get(key) for key in 'abc'] == [1, None, 3]
    assert (len(cache), cache.num_bytes) == (2, 8)


def test_replaces_and_counts() -> None:
    cache = RecentCache(10)
    cache.put('a', 1, 4)
    cache.put('a', 2, 9)
    assert (cache.get('a'), cache.num_bytes) == (2, 9)
    cache.put('b', 3, 10)
    assert (cache.get('a'), cache.get('b'), cache.num_bytes) == (None, 3, 10)


def test_what_is_too_large_is_not_kept() -> None:
    cache = RecentCache(10)
    cache.put('a', 1, 4)
    cache.put('b', 2, 11)
    assert (cache.get('a'), cache.get('b')) == (1, None)
    nothing = RecentCache(0)
    nothing.put('a', 1, 1)
    assert len(nothing) == 0


def test_empty_in_another_process() -> None:
    cache = RecentCache(10)
    cache.put('a', 1, 4)
    copy = pickle.loads(pickle.dumps(cache))
    assert (len(copy), copy.num_bytes, copy.max_bytes, len(cache)) == (0, 0, 10, 1)
    copy.put('b', 2, 10)
    assert copy.get('b') == 2
