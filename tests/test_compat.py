"""Each bridge works, and each ``test_gap_*`` fails once upstream is mended: then delete the bridge."""

import collections
import importlib
import importlib.util
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dist import utils as dist_utils
from mmengine.logging import HistoryBuffer
from mmengine.model import MMDistributedDataParallel
from tests_support import REPO

from egoexo import compat

needs_no_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason='the gap exists without CUDA only')


@pytest.fixture(autouse=True)
def applied():
    compat.apply()


def source_of(module, *parts):
    return Path(importlib.util.find_spec(module).origin).parent.joinpath(*parts).read_text(encoding='utf-8')


def test_gap_mmaction_wheel_lacks_drn():
    assert not (compat._mmaction_folder() / 'models' / 'localizers' / 'drn').exists()


def test_mmaction_models_import_and_the_stub_explains_itself():
    from mmaction.models import ResNet3dSlowFast
    from mmaction.models.localizers import DRN

    assert ResNet3dSlowFast.__name__ == 'ResNet3dSlowFast'
    with pytest.raises(ImportError, match='mmaction2 issue 2714'):
        DRN()


def test_gap_mmaction_guards_multimodal_by_transformers_only():
    guard = source_of('mmaction', 'utils', 'dependency.py').split('WITH_MULTIMODAL', 1)[1]
    assert 'transformers' in guard and 'timm' not in guard and 'torchvision' not in guard


def test_multimodal_is_left_out_beside_transformers(tmp_path, monkeypatch):
    name = 'mmaction.models.multimodal'
    monkeypatch.delitem(sys.modules, name, raising=False)
    compat._stub_multimodal()
    assert name not in sys.modules or importlib.util.find_spec('transformers') is not None
    (tmp_path / 'transformers').mkdir()
    (tmp_path / 'transformers' / '__init__.py').write_text('')
    monkeypatch.syspath_prepend(tmp_path)
    compat._stub_multimodal()
    assert sys.modules[name].__all__ == []
    monkeypatch.delitem(sys.modules, name)


def test_gap_mmcv_lite_warns_at_import():
    text = source_of('mmcv', 'cnn', 'bricks', 'transformer.py')
    assert "warnings.warn('Fail to import ``MultiScaleDeformableAttention`` from '" in text


def test_only_the_one_message_of_mmcv_is_silenced():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        compat._silence_deformable_attention()
        warnings.warn('Fail to import ``MultiScaleDeformableAttention`` from ...', stacklevel=1)
        warnings.warn('Something else of mmcv', stacklevel=1)
    assert [str(warning.message) for warning in seen] == ['Something else of mmcv']


def test_gap_collect_env_expects_module_not_found_only():
    text = source_of('mmengine', 'utils', 'dl_utils', 'collect_env.py')
    assert 'import torchvision' in text.split('except ModuleNotFoundError')[0]


def test_torchvision_that_cannot_load_counts_as_absent(tmp_path, monkeypatch):
    (tmp_path / 'torchvision').mkdir()
    (tmp_path / 'torchvision' / '__init__.py').write_text(
        'import torchvision.ops\nraise RuntimeError("operator torchvision::nms does not exist")')
    (tmp_path / 'torchvision' / 'ops.py').write_text('')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, 'torchvision', raising=False)
    try:
        with pytest.warns(UserWarning, match=r'RuntimeError: operator torchvision::nms does not exist.*pip uninstall'):
            compat._hide_broken_torchvision()
        assert importlib.util.find_spec('torchvision') is None and 'torchvision.ops' not in sys.modules
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module('torchvision')
        compat._hide_broken_torchvision()
    finally:
        sys.modules.pop('torchvision', None)


def test_gap_mmengine_imports_pkg_resources():
    assert 'import pkg_resources' in source_of('mmengine', 'utils', 'package_utils.py')


def test_stand_in_serves_mmengine(monkeypatch):
    from mmengine.utils import get_installed_path, is_installed

    monkeypatch.delitem(sys.modules, 'pkg_resources', raising=False)
    finders = [finder for finder in sys.meta_path if isinstance(finder, compat._PkgResourcesFinder)]
    assert len(finders) == 1 and sys.meta_path[-1] is not None
    monkeypatch.setattr(sys, 'meta_path', [finders[0], *sys.meta_path])
    assert is_installed('mmengine') and not is_installed('no_such_package_at_all')
    assert Path(get_installed_path('mmengine'), 'runner').is_dir()
    assert sys.modules['pkg_resources'].get_distribution('numpy').version == np.__version__
    monkeypatch.delitem(sys.modules, 'pkg_resources')


@needs_no_cuda
def test_gap_launcher_calls_set_device(monkeypatch):
    for name in ('RANK', 'LOCAL_RANK'):
        monkeypatch.setenv(name, '0')
    with pytest.raises((AssertionError, RuntimeError, AttributeError), match='NVIDIA driver|CUDA|_cuda_setDevice'):
        dist_utils._init_dist_pytorch.__wrapped__('gloo')


@needs_no_cuda
def test_launch_without_cuda(tmp_path, monkeypatch):
    """One process group serves both halves: start without CUDA, wrap without device ids."""
    compat._launch_without_cuda()
    compat._wrap_without_cuda()
    assert not hasattr(dist_utils._init_dist_pytorch.__wrapped__, '__wrapped__')
    assert not hasattr(MMDistributedDataParallel.__init__.__wrapped__, '__wrapped__')
    for name in ('RANK', 'LOCAL_RANK'):
        monkeypatch.setenv(name, '0')
    set_device = torch.cuda.set_device
    dist_utils._init_dist_pytorch('nccl', init_method=f'file://{tmp_path}/store', rank=0, world_size=1)
    try:
        assert torch.distributed.get_backend() == 'gloo' and torch.cuda.set_device is set_device
        wrapped = MMDistributedDataParallel(module=torch.nn.Linear(2, 1), device_ids=[0])
        assert wrapped.device_ids is None
        bare = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
        with pytest.raises(ValueError, match='device_ids'):  # the gap itself
            MMDistributedDataParallel.__init__.__wrapped__(bare, module=torch.nn.Linear(2, 1), device_ids=[0])
    finally:
        torch.distributed.destroy_process_group()


def test_gap_every_checkpoint_formats_the_config():
    assert 'cfg=self.cfg.pretty_text' in source_of('mmengine', 'runner', 'runner.py')
    assert 'cache' not in source_of('mmengine', 'config', 'config.py').split('def pretty_text')[1].split('def ')[0]


def test_config_text_is_fast_and_reads_back(monkeypatch, tmp_path):
    from mmengine.config import Config, config

    monkeypatch.setattr(config, 'FormatCode', lambda *args, **kwargs: pytest.fail('yapf was called'))
    cfg = Config(dict(model=dict(type='A', hidden=3, rates=(1e-3, None)), names=['a', "it's"]))
    cfg.model.hidden = 4
    (tmp_path / 'config.py').write_text(cfg.pretty_text)
    assert Config.fromfile(tmp_path / 'config.py').to_dict() == cfg.to_dict()


def test_config_with_a_class_goes_the_slow_way():
    from mmengine.config import Config

    with pytest.raises(SyntaxError, match='Failed to format the config file'):  # MMEngine's own words
        _ = Config(dict(model=dict(type=collections.OrderedDict))).pretty_text


def test_gap_package_bases_need_an_installed_wheel():
    source = source_of('mmengine', 'config', 'config.py').split('def _get_cfg_path')[1].split('def ')[0]
    assert '_get_external_cfg_base_path(package_path, cfg_path)' in source
    assert "'.mim'" in source_of('mmengine', 'config', 'utils.py').split('def _get_external_cfg_base_path')[1]


def test_bases_of_ours_are_files_and_others_stay_relative():
    from mmengine.config import Config

    compat.apply()
    found, scope = Config._get_cfg_path('egoexo::_base_/default_runtime.py', '/anywhere/mine.py')
    assert (Path(found), scope) == (REPO / 'configs/_base_/default_runtime.py', None)
    assert Config._get_cfg_path('../base.py', '/anywhere/mine.py') == ('/anywhere/../base.py', None)


def test_gap_history_buffer_needs_getattr(tmp_path):
    path = tmp_path / 'checkpoint.pth'
    torch.save({'log': HistoryBuffer([1.0, 3.0], [1, 1])}, path)
    registered = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    try:
        assert 'builtins.getattr' in torch.serialization.get_unsafe_globals_in_checkpoint(path)
    finally:
        torch.serialization.add_safe_globals(registered)
    assert torch.load(path, weights_only=True)['log'].mean() == 2.0


@pytest.mark.parametrize(('owners', 'words'), [
    (('decord2', 'opencv-python-headless'), None),
    (('decord', 'decord2', 'opencv-python-headless'), 'owns the same folder as decord2'),
    (('decord2', 'opencv-python', 'opencv-python-headless'),
     '2 packages own the folder cv2/: opencv-python, opencv-python-headless')])
def test_double_owners_get_one_repair_command(owners, words, monkeypatch):
    monkeypatch.setattr(compat, '_installed', lambda name: name in owners)
    problem = compat.video_package_problem()
    if words is None:
        assert problem is None
        return
    assert words in problem and problem.endswith(f'Repair: {compat.REPAIR}')
    with pytest.warns(UserWarning, match='Repair: pip uninstall'):
        compat._warn_of_video_packages()
    monkeypatch.setenv('RANK', '1')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        compat._warn_of_video_packages()


def test_empty_shell_of_decord_is_named(monkeypatch):
    spec = importlib.machinery.ModuleSpec('decord', None)
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: spec)
    assert 'The folder decord/ is an empty shell' in compat.video_package_problem()


def test_this_environment_is_sound():
    import decord

    assert decord.__version__ == '3.4.0' and compat.video_package_problem() is None


def test_table_names_every_bridge_once_and_all_are_needed_here():
    names = [bridge.apply.__name__ for bridge in compat.BRIDGES]
    assert len(set(names)) == len(names) == 11
    assert {bridge.apply.__name__: bridge.state() for bridge in compat.BRIDGES} == dict.fromkeys(names, 'bridged')
    assert all(bridge.apply.__doc__.strip().split('\n')[0] for bridge in compat.BRIDGES)
