import pytest
import torch
from mmengine.config import Config
from torch._utils import ExceptionWrapper

from egoexo.apis import cli
from egoexo.errors import ConfigError, FeatureError


def from_worker(error):
    """The same error as torch raises it again in the main process."""
    try:
        raise error
    except type(error):
        wrapper = ExceptionWrapper(where='in DataLoader worker process 0')
    try:
        wrapper.reraise()
    except type(error) as again:
        return again


def test_message_of_a_loader_worker_is_freed_from_its_traceback():
    error = from_worker(FeatureError('a.pt is (3, 2048), expected (T, 1024).\nCheck data_prefix.'))
    assert 'Traceback' in str(error)
    assert cli.plain_message(error) == 'a.pt is (3, 2048), expected (T, 1024).\nCheck data_prefix.'
    assert cli.plain_message(FeatureError('short')) == 'short'


@pytest.mark.parametrize(('rank', 'expected'), [(None, 'ConfigError: no such key\n'),
                                                ('1', 'ConfigError (rank 1): no such key\n')])
def test_our_errors_end_with_exit_code_2(rank, expected, capsys, monkeypatch):
    monkeypatch.delenv('EGOEXO_TRACEBACK', raising=False)
    monkeypatch.delenv('RANK', raising=False)
    if rank is not None:
        monkeypatch.setenv('RANK', rank)

    @cli.readable_errors
    def main(argv=None):
        """Tool."""
        if argv == ['fine']:
            return 7
        raise ConfigError('no such key') if argv is None else RuntimeError('a bug')

    assert main(['fine']) == 7 and main.__doc__ == 'Tool.'
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2 and capsys.readouterr().err == expected
    with pytest.raises(RuntimeError, match='a bug'):
        main(['other'])
    monkeypatch.setenv('EGOEXO_TRACEBACK', '1')
    with pytest.raises(ConfigError):
        main()


@pytest.mark.parametrize(('asked', 'written', 'expected'), [
    ('cli', 'cfg', 'cli'), (None, 'cfg', 'cfg'), (None, None, 'work_dirs/mstcn')])
def test_work_dir_and_name(asked, written, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second = (Config(dict(work_dir=written) if written else {}) for _ in range(2))
    for cfg in (first, second):
        cli.prepare(cfg, 'configs/segmentation/mstcn.py', asked, 'none')
    assert first.work_dir == expected and first.launcher == 'none'
    assert first.experiment_name.startswith('mstcn_') and first.experiment_name != second.experiment_name


@pytest.mark.parametrize(('cuda', 'launcher', 'backend', 'sync_bn'), [
    (False, 'pytorch', 'gloo', None), (False, 'none', 'nccl', None), (True, 'pytorch', 'nccl', 'torch')])
def test_device_decides_backend_and_sync_bn(cuda, launcher, backend, sync_bn, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: cuda)
    cfg = Config(dict(env_cfg=dict(dist_cfg=dict(backend='nccl', timeout=5)), sync_bn='torch'))
    cli.adapt_to_device(cfg, launcher)
    assert cfg.env_cfg.dist_cfg.to_dict() == {'backend': backend, 'timeout': 5} and cfg.sync_bn == sync_bn
    assert ("sync_bn='torch' works on GPUs only" in capsys.readouterr().out) is not cuda
    bare = Config({})
    cli.adapt_to_device(bare, 'pytorch')
    assert cuda or bare.env_cfg.dist_cfg.backend == 'gloo'


@pytest.mark.parametrize(('cuda', 'bfloat16', 'before', 'after'), [
    (False, False, dict(type='OptimWrapper'), dict(type='AutocastOptimWrapper', dtype='bfloat16')),
    (False, False, dict(type='AmpOptimWrapper', loss_scale='dynamic', dtype='float16'),
     dict(type='AutocastOptimWrapper', dtype='bfloat16')),
    (True, True, dict(type='OptimWrapper'), dict(type='AutocastOptimWrapper')),
    (True, False, dict(type='OptimWrapper'), dict(type='AmpOptimWrapper')),
    (True, True, dict(type='AmpOptimWrapper', loss_scale=8.0), dict(type='AmpOptimWrapper', loss_scale=8.0))])
def test_amp_chooses_the_wrapper_by_device(cuda, bfloat16, before, after, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: cuda)
    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda: bfloat16)
    cfg = Config(dict(optim_wrapper=before))
    cli.enable_amp(cfg)
    assert cfg.optim_wrapper.to_dict() == after


@pytest.mark.parametrize(('before', 'after'), [
    ({}, True), (dict(compile=False), True), (dict(compile=dict(mode='default')), dict(mode='default'))])
def test_compile_keeps_its_arguments(before, after):
    cfg = Config(before)
    cli.enable_compile(cfg)
    assert cfg.compile == after
