"""Kill before every single file operation of a run: checkpoints, the best one, links, logs, removal of old files."""

import json
import re

import pytest
from fault.harness import OPERATIONS, kill_and_resume, launch
from fault.toy_fault import fault_config

EPOCH = [r'write the rest of \.epoch_2\.pth\.\w+\.part', r'fsync \.epoch_2\.pth\.\w+\.part', r'replace epoch_2\.pth',
         r'replace last_checkpoint', r'replace best_ego_val_Avg_epoch_\d\.pth', r'symlink \.best\.pth\.\d+\.part',
         r'replace best\.pth', r'remove epoch_1\.pth', r'unlink best_ego_val_Avg_epoch_\d\.pth',
         r'open \d+_\d+/vis_data/scalars\.json']


@pytest.mark.parametrize('loop', ['epoch', 'iter'])
def test_killed_before_each_file_operation(loop, full, rng, ledger, whole, tmp_path):
    # A seed whose second or third validation is a new best, so that a best file is replaced.
    options = {'randomness.seed': 1}
    counted = fault_config(tmp_path / 'counted' / 'work', loop=loop, **options)
    assert launch(counted, ('file', None)).codes == [0]
    operations = json.loads((tmp_path / 'counted' / OPERATIONS).read_text())
    kinds = [kind if loop == 'epoch' else re.sub(r'epoch_(\d|\\d)', lambda found: 'iter_' + (
        r'\d+' if found[1] == r'\d' else str(4 * int(found[1]))), kind) for kind in EPOCH]
    for kind in kinds:
        assert any(re.fullmatch(kind, operation) for operation in operations), (kind, operations)
    everywhere = range(len(operations))
    for number in everywhere if full else rng(f'files-{loop}').sample(everywhere, 5):
        cfg = fault_config(tmp_path / str(number) / 'work', loop=loop, **options)
        kill_and_resume(cfg, [('file', number)], ledger, f'file operations, {loop} loop', whole(loop, **options))
