"""The command line of take-by-take prediction: defaults, launchers, exit codes."""

from pathlib import Path

import pytest
from correspondence_support import write_correspondence_root
from mmengine.config import Config
from pair_support import pair_config, write_checkpoint

from tools import predict_correspondence as tool


@pytest.fixture(scope='module')
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A prepared root with two takes, and config and checkpoint as arguments."""
    folder = tmp_path_factory.mktemp('world')
    root = write_correspondence_root(folder / 'root', dict(val=2), num_frames=2)
    cfg = Config(pair_config(root).to_dict() | dict(custom_imports=dict(imports=['pair_support'])))
    cfg.dump(folder / 'echo.py')
    return root, [str(folder / 'echo.py'), str(write_checkpoint(folder / 'echo.pth'))]


def test_both_directions(world: tuple, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert tool.main([*world[1], '--out', str(tmp_path), '--directions', 'ego2exo', 'exo2ego', '--device', 'cpu',
                      '--cfg-options', 'test_dataloader.batch_size=2']) == 0
    text = capsys.readouterr().out
    for name in ('ego-exo_val_results.json', 'exo-ego_val_results.json', 'submission.json'):
        assert f'written: {tmp_path / name}\n' in text and (tmp_path / name).is_file()
    assert 'ego-exo: 2 of 2 takes, ' in text


def test_ranks_of_a_launcher(world: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                             capsys: pytest.CaptureFixture) -> None:
    for rank in (1, 0):
        monkeypatch.setenv('RANK', str(rank))
        monkeypatch.setenv('WORLD_SIZE', '2')
        monkeypatch.setenv('LOCAL_RANK', str(rank))
        assert tool.main([*world[1], '--out', str(tmp_path), '--directions', 'ego2exo', '--launcher', 'pytorch']) == 0
        text = capsys.readouterr().out
        assert f'[{rank + 1}/2] ego-exo: 1 of 1 takes, ' in text
        if rank:
            assert '[2/2] 1 takes of other processes are still to come; the last one writes the results.' in text
    assert (tmp_path / 'ego-exo_val_results.json').is_file()


@pytest.mark.parametrize(('launcher', 'variables', 'expected'), [
    ('none', {}, (1, 1, 0)), ('pytorch', dict(RANK='3', WORLD_SIZE='8', LOCAL_RANK='1'), (4, 8, 1)),
    ('slurm', dict(SLURM_PROCID='0', SLURM_NTASKS='2', SLURM_LOCALID='0'), (1, 2, 0)),
    ('mpi', dict(OMPI_COMM_WORLD_RANK='1', OMPI_COMM_WORLD_SIZE='2', OMPI_COMM_WORLD_LOCAL_RANK='1'), (2, 2, 1))])
def test_position(launcher: str, variables: dict, expected: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert tool.position(launcher) == expected


def test_a_launcher_that_did_not_launch(world: tuple, tmp_path: Path, capsys: pytest.CaptureFixture,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('SLURM_PROCID', raising=False)
    with pytest.raises(SystemExit) as stopped:
        tool.main([*world[1], '--out', str(tmp_path), '--launcher', 'slurm'])
    error = capsys.readouterr().err
    assert stopped.value.code == 2 and 'ConfigError' in error
    assert '--launcher slurm: expected the environment variables SLURM_PROCID' in error


def test_a_failed_take_ends_with_one(world: tuple, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    root = write_correspondence_root(tmp_path / 'root', dict(val=2), num_frames=2)
    picture = next(root.glob('*/cam01/0.jpg'))
    picture.write_bytes(b'no picture')
    assert tool.main([*world[1], '--out', str(tmp_path / 'out'), '--directions', 'ego2exo', '--cfg-options',
                      f'test_dataloader.dataset.data_root={root}']) == 1
    captured = capsys.readouterr()
    assert f'1 take(s) have no predictions: ego-exo/{picture.parts[-3]}. Mend their data' in captured.err
    assert not (tmp_path / 'out' / 'ego-exo_val_results.json').exists()
