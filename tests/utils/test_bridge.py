import sys

from egoexo.utils.bridge import Bridge


def test_state_follows_the_installed_files(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, 'path', [str(tmp_path), *sys.path])
    (tmp_path / 'fakepackage').mkdir()
    (tmp_path / 'fakepackage' / '__init__.py').write_text('raise ImportError')
    (tmp_path / 'fakepackage' / 'a.py').write_text('gap\nhere')
    rows = {('a.py', 'gap.here'): 'bridged', ('a.py', 'other'): 'closed', ('none.py', 'gap'): 'closed',
            ('a.py', None): 'closed', ('none.py', None): 'bridged'}
    for (file, pattern), state in rows.items():
        assert Bridge(print, 'fake', 'issue', f'fakepackage/{file}', pattern).state() == state
    assert Bridge(print, 'none', 'issue', 'no_such_package/a.py', '').state() == 'absent'
