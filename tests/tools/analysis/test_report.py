import importlib.util
from pathlib import Path

import numpy as np
import pytest
from report_support import make_run
from tests_support import REPO


@pytest.fixture(scope='module')
def tool():
    spec = importlib.util.spec_from_file_location('report_tool', REPO / 'tools/analysis/report.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_report_of_a_run(tool, tmp_path, capsys):
    work_dir = make_run(tmp_path)
    out = tool.main([str(work_dir), '--out', str(tmp_path / 'page.html'), '--figures', str(tmp_path / 'figures')])
    assert out == tmp_path / 'page.html'
    assert str(out) in capsys.readouterr().out
    assert '54.12' in out.read_text()
    names = ['confusions_ego_val', 'confusions_exo_val', 'loss', 'timelines_best', 'timelines_median',
             'timelines_worst', 'validation_Avg', 'validation_F1@50']
    written = sorted(path.name for path in (tmp_path / 'figures').iterdir() if path.stat().st_size > 1000)
    assert written == [f'{name}.{ending}' for name in names for ending in ('pdf', 'png')]


def test_missing_folder(tool, tmp_path):
    with pytest.raises(SystemExit, match='does not exist; give the --work-dir'):
        tool.main([str(tmp_path / 'none')])


def test_damaged_scores_are_told_in_the_page(tool, tmp_path):
    (tmp_path / 'scalars.json').write_text('{')
    assert 'not valid JSON' in tool.main([str(tmp_path)]).read_text()


def test_several_folders_make_a_comparison(tool, tmp_path, capsys, monkeypatch):
    asked = {}

    def write_comparison(work_dirs, out, **options):
        asked.update(options, work_dirs=work_dirs, out=out)
        (tmp_path / 'comparison.html').write_text('page')
        return tmp_path / 'comparison.html'

    monkeypatch.setattr(tool, 'write_comparison', write_comparison)
    folders = [tmp_path / name for name in ('one', 'two')]
    for folder in folders:
        folder.mkdir()
    assert tool.main([*map(str, folders), '--figures', 'here']) == tmp_path / 'comparison.html'
    assert asked == {'work_dirs': folders, 'out': None, 'figure_dir': Path('here'),
                     'read_frames': tool.read_thumbnails}
    tool.main([*map(str, folders), '--no-thumbnails', '--out', 'page.html'])
    assert (asked['read_frames'], asked['out']) == (None, Path('page.html'))
    assert 'comparison.html (0.0 MB)' in capsys.readouterr().out


def test_config_of_ours_with_the_dumped_name(tool, tmp_path):
    (tmp_path / 'mini_mstcn_i3d_egoexolearn-ego.py').touch()
    assert tool.shipped_config(tmp_path) == REPO / 'configs/segmentation/mini_mstcn_i3d_egoexolearn-ego.py'
    assert tool.shipped_config(tmp_path / 'none') is None


def test_thumbnails(tool, tmp_path, capsys, monkeypatch):
    class Video:
        num_frames = 90

        def __init__(self, path):
            self.path = path

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def get_batch(self, indices):
            return np.asarray(indices)

    assert tool.read_thumbnails(tmp_path / 'none.mp4', 3) == []
    assert 'none.mp4' in capsys.readouterr().err
    monkeypatch.setattr(tool, 'VideoReader', Video)
    assert tool.read_thumbnails(Path('a.mp4'), 3) == [15, 45, 75]
