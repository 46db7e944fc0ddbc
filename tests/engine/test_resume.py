import os

import pytest
import torch

from egoexo.engine import find_resumable_checkpoint, read_progress, resume
from egoexo.errors import CheckpointError


def save(path, epoch, seconds):
    torch.save({'meta': {'epoch': epoch, 'iter': 4 * epoch}, 'state_dict': {'w': torch.ones(50)}}, path)
    os.utime(path, (seconds, seconds))
    return path


@pytest.fixture
def said(monkeypatch):
    lines = []
    monkeypatch.setattr(resume, 'print_log', lambda text, **_: lines.append(text))
    return lines


def test_last_checkpoint_is_taken_even_from_a_moved_folder(tmp_path, said):
    save(tmp_path / 'epoch_2.pth', 2, 200)
    newest = save(tmp_path / 'epoch_1.pth', 1, 300)
    (tmp_path / 'last_checkpoint').write_text('/elsewhere/run/epoch_2.pth')
    assert find_resumable_checkpoint(tmp_path) == str(tmp_path / 'epoch_2.pth')
    assert 'epoch_2.pth: 2 epochs, 8 iterations done' in said[-1]
    (tmp_path / 'last_checkpoint').write_text('/elsewhere/run/epoch_9.pth')
    assert find_resumable_checkpoint(tmp_path) == str(newest)


@pytest.mark.parametrize('damage', ['truncated', 'empty', 'text'])
def test_falls_back_to_the_newest_that_loads(damage, tmp_path, said):
    for epoch in (1, 2, 3):
        save(tmp_path / f'epoch_{epoch}.pth', epoch, 100 * epoch)
    save(tmp_path / 'best_x_epoch_9.pth', 9, 900)
    broken = tmp_path / 'epoch_3.pth'
    content = {'truncated': broken.read_bytes()[:-100], 'empty': b'', 'text': b'hello'}[damage]
    broken.write_bytes(content)
    (tmp_path / 'last_checkpoint').write_text(str(broken))
    assert find_resumable_checkpoint(tmp_path) == str(tmp_path / 'epoch_2.pth')
    assert f'Passed over: {broken}: expected a file written by torch.save' in said[0]


def test_nothing_or_only_rubble(tmp_path, said):
    assert find_resumable_checkpoint(tmp_path / 'absent') is None and find_resumable_checkpoint(tmp_path) is None
    (tmp_path / 'iter_10.pth').write_bytes(b'')
    with pytest.raises(CheckpointError, match=r'found that none of the 1 can be resumed\. .*iter_10\.pth: expected a '
                                              r'file .*EOFError.*Start anew with another --work-dir'):
        find_resumable_checkpoint(tmp_path)


def test_progress_and_files_without_it(tmp_path):
    assert read_progress(save(tmp_path / 'epoch_3.pth', 3, 1)) == (3, 12)
    torch.save({'w': torch.ones(2)}, tmp_path / 'weights.pth')
    with pytest.raises(CheckpointError, match=r'holds no training state \(meta.epoch, meta.iter\). Use load_from'):
        read_progress(tmp_path / 'weights.pth')


@pytest.mark.parametrize('content', [
    b'', b'\n\n', b'\xff\xfe\x00garbage', b'epoch_1', b'..', b'/', b'x' * 5000 + b'.pth', b'command.json'])
def test_damaged_pointer_is_no_obstacle(content, tmp_path, said):
    save(tmp_path / 'epoch_1.pth', 1, 100)
    newest = save(tmp_path / 'epoch_2.pth', 2, 200)
    (tmp_path / 'command.json').write_text('[]')
    (tmp_path / 'last_checkpoint').write_bytes(content)
    assert find_resumable_checkpoint(tmp_path) == str(newest)


def test_file_written_after_the_pointer_is_newer(tmp_path, said):
    save(tmp_path / 'epoch_2.pth', 2, 200)
    (tmp_path / 'last_checkpoint').write_text('epoch_2.pth')
    newest = save(tmp_path / 'epoch_3.pth', 3, 300)  # killed before last_checkpoint was written
    assert find_resumable_checkpoint(tmp_path) == str(newest)
    interim = save(tmp_path / 'iter_14.pth', 3, 400)
    assert find_resumable_checkpoint(tmp_path) == str(interim)


def test_equal_times_are_decided_by_the_number(tmp_path, said):
    for epoch in (2, 10, 9):
        save(tmp_path / f'epoch_{epoch}.pth', epoch, 100)
    assert find_resumable_checkpoint(tmp_path) == str(tmp_path / 'epoch_10.pth')


def test_longer_run_of_the_past_in_the_same_folder_is_not_taken(tmp_path, said):
    save(tmp_path / 'epoch_60.pth', 60, 100)
    newest = save(tmp_path / 'epoch_2.pth', 2, 200)
    assert find_resumable_checkpoint(tmp_path) == str(newest)


def test_links_to_nothing_and_folders_are_not_checkpoints(tmp_path, said):
    (tmp_path / 'epoch_9.pth').symlink_to('gone.pth')
    (tmp_path / 'epoch_8.pth').mkdir()
    assert find_resumable_checkpoint(tmp_path) is None
