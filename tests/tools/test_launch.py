"""What the shell scripts hand to torchrun and srun, with stand-ins that print their arguments."""

import os
import subprocess

import pytest
from tests_support import REPO


@pytest.fixture
def shell(tmp_path):
    """Run a script of tools/ with stand-ins for Python and srun; returns the words they were called with."""
    for name, text in (('python', 'printf "%s\\n" "$@"'),
                       ('srun', 'while [[ "$1" != bash ]]; do echo "$1"; shift; done; SLURM_JOB_ID=20007 "$@"; '
                                'echo "port $MASTER_PORT"')):
        (tmp_path / name).write_text(f'#!/usr/bin/env bash\n{text}\n')
        (tmp_path / name).chmod(0o755)
    (tmp_path / 'python').write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$@"\necho "port $MASTER_PORT"\n')

    def run(script, *arguments, **environment):
        base = {'PATH': f'{tmp_path}:{os.environ["PATH"]}', 'PYTHON': str(tmp_path / 'python'), **environment}
        return subprocess.run(['bash', str(REPO / 'tools' / script), *arguments], env=base, capture_output=True,
                              text=True, timeout=20, check=False)

    return run


def test_one_machine_takes_a_free_port(shell):
    words = shell('dist_train.sh', 'c.py', '4', '--resume', '--cfg-options', 'a=[1, 2]').stdout.splitlines()
    assert words[:4] == ['-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=4']
    assert words[4].endswith('tools/train.py')
    assert words[5:-1] == ['c.py', '--launcher', 'pytorch', '--resume', '--cfg-options', 'a=[1, 2]']


@pytest.mark.parametrize(('environment', 'expected'), [
    ({'PORT': '29501'}, ['--nnodes=1', '--node_rank=0', '--master_addr=127.0.0.1', '--master_port=29501']),
    ({'NNODES': '2', 'NODE_RANK': '1', 'MASTER_ADDR': '10.0.0.1'},
     ['--nnodes=2', '--node_rank=1', '--master_addr=10.0.0.1', '--master_port=29500'])])
def test_several_machines_take_the_classic_variables(shell, environment, expected):
    words = shell('dist_test.sh', 'c.py', 'best.pth', '2', '--out', 's.json', **environment).stdout.splitlines()
    assert words[2:7] == [*expected, '--nproc_per_node=2'] and words[7].endswith('tools/test.py')
    assert words[8:-1] == ['c.py', 'best.pth', '--launcher', 'pytorch', '--out', 's.json']


@pytest.mark.parametrize(('script', 'arguments', 'tail'), [
    ('slurm_train.sh', ['gpu', 'job', 'c.py', '--amp'], ['c.py', '--launcher', 'slurm', '--amp']),
    ('slurm_test.sh', ['gpu', 'job', 'c.py', 'b.pth'], ['c.py', 'b.pth', '--launcher', 'slurm'])])
def test_slurm_gets_one_task_per_gpu_and_a_port_of_its_own(shell, script, arguments, tail):
    words = shell(script, *arguments, GPUS='4', SRUN_ARGS='--time=1:00 --qos=low').stdout.splitlines()
    assert words[:2] == ['-p', 'gpu'] and '--job-name=job' in words and '--kill-on-bad-exit=1' in words
    assert {'--gres=gpu:4', '--ntasks=4', '--ntasks-per-node=4', '--time=1:00', '--qos=low'} <= set(words)
    start = next(number for number, word in enumerate(words) if word.endswith(('tools/train.py', 'tools/test.py')))
    assert words[start + 1:start + 1 + len(tail)] == tail
    assert 'port 20007' in words  # 20000 + job id % 20000


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh'])
def test_too_few_arguments_print_the_usage(shell, script):
    done = shell(script, 'c.py')
    assert done.returncode == 2 and done.stderr.startswith('usage: bash') and 'CONFIG' in done.stderr
