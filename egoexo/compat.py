"""Bridges over upstream gaps: one idempotent function per gap, called by the registry and the tools, never on import.

Each function says which package and which report it answers; :data:`BRIDGES` lists them. ``tests/test_compat.py`` fails
once a gap is closed upstream, which is the sign to delete its bridge.
"""

import ast
import functools
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import pprint
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path

from egoexo.utils.bridge import Bridge
from egoexo.utils.config_files import OWN_PREFIX, own_base

__all__ = ['BRIDGES', 'apply', 'video_package_problem']

REPAIR = ('pip uninstall -y decord opencv-python opencv-contrib-python && '
          'pip install --force-reinstall --no-deps decord2==3.4.0 opencv-python-headless==5.0.0.93')
OPENCV_PACKAGES = ('opencv-python', 'opencv-python-headless', 'opencv-contrib-python',
                   'opencv-contrib-python-headless')


def _silence_deformable_attention() -> None:
    """mmcv-lite 2.1.0 has no compiled ops and says so at import (open-mmlab/mmcv, ``cnn/bricks/transformer.py``).

    No layer of ours uses the op. The message alone is filtered, not the warnings of the package.
    """
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')


def _hide_broken_torchvision() -> None:
    """A torchvision built for another torch raises RuntimeError at import, which ends every MMEngine run.

    MMEngine 0.10.7's ``collect_env`` and transformers expect ``ModuleNotFoundError`` only; pytorch/pytorch issue
    122494 shows the error. Such a package counts as not installed, and one warning says so.
    """
    if 'torchvision' in sys.modules or importlib.util.find_spec('torchvision') is None:
        return
    try:
        importlib.import_module('torchvision')
    except Exception as error:  # whatever a foreign binary raises
        for name in [name for name in sys.modules if name.split('.')[0] == 'torchvision']:
            del sys.modules[name]
        sys.modules['torchvision'] = None
        warnings.warn(f'The installed torchvision does not load with this torch ({type(error).__name__}: {error}). '
                      'egoexo does not need it and goes on as if it were not installed. '
                      'To be rid of this message: pip uninstall torchvision', stacklevel=2)


class _PkgResourcesFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Last on ``sys.meta_path``: serves ``pkg_resources`` from importlib.metadata when setuptools has none."""

    def find_spec(self, fullname: str, path: object = None,
                  target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Answer for ``pkg_resources`` alone."""
        return importlib.machinery.ModuleSpec(fullname, self) if fullname == 'pkg_resources' else None

    def exec_module(self, module: types.ModuleType) -> None:
        """Fill the module with the two names MMEngine asks for."""
        module.DistributionNotFound = importlib.metadata.PackageNotFoundError
        module.get_distribution = _described_distribution


def _described_distribution(name: str) -> types.SimpleNamespace:
    found = importlib.metadata.distribution(name)
    return types.SimpleNamespace(
        project_name=name, version=found.version, location=str(found.locate_file('')),
        has_metadata=lambda item: found.read_text(item) is not None,
        get_metadata=lambda item: found.read_text(item) or '')


def _stand_in_for_pkg_resources() -> None:
    """setuptools 82 removed ``pkg_resources`` (pypa/setuptools issue 5174), MMEngine 0.10.7 still imports it.

    It does so inside ``utils/package_utils.py`` (open-mmlab/mmcv issue 3325 is the sibling report); then
    ``is_installed``, ``get_installed_path`` and ``package::config`` bases fail. Our constraints pin an older
    setuptools; this serves environments that do not.
    """
    if not any(isinstance(finder, _PkgResourcesFinder) for finder in sys.meta_path):
        sys.meta_path.append(_PkgResourcesFinder())
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated as an API')


def _mmaction_folder() -> Path | None:
    """Where mmaction2 is installed, found without importing it."""
    spec = importlib.util.find_spec('mmaction')
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _stub_missing_drn() -> None:
    """The mmaction2 1.2.0 wheel lacks ``models/localizers/drn`` and so ``import mmaction.models`` fails.

    open-mmlab/mmaction2 issue 2714. Two empty modules take its place; building ``DRN`` explains itself.
    """
    folder = _mmaction_folder()
    name = 'mmaction.models.localizers.drn'
    if folder is None or (folder / 'models' / 'localizers' / 'drn').is_dir() or name in sys.modules:
        return

    class DRN:
        """Stands for the class that the wheel of mmaction2 forgot."""

        def __init__(self, *args: object, **kwargs: object) -> None:
            raise ImportError('DRN is missing from the wheel of mmaction2 1.2.0 (mmaction2 issue 2714); '
                              'install mmaction2 from source to use it.')

    package, module = types.ModuleType(name), types.ModuleType(f'{name}.drn')
    package.__path__ = []
    module.DRN = DRN
    sys.modules[name], sys.modules[f'{name}.drn'] = package, module


def _stub_multimodal() -> None:
    """With transformers installed, mmaction2 1.2.0 imports VindLU, which needs timm and torchvision.

    open-mmlab/mmaction2, ``models/multimodal/__init__.py``: the guard asks for transformers only. Where timm or
    torchvision is absent, the multimodal models are left out instead of breaking every other model.
    """
    name = 'mmaction.models.multimodal'
    if name in sys.modules or _mmaction_folder() is None or importlib.util.find_spec('transformers') is None:
        return
    if importlib.util.find_spec('timm') is None or importlib.util.find_spec('torchvision') is None:
        stub = types.ModuleType(name)
        stub.__path__, stub.__all__ = [], []
        sys.modules[name] = stub


def _without_set_device(init: Callable) -> Callable:
    """Run MMEngine's process group starter with gloo and without ``torch.cuda.set_device`` where CUDA is absent."""
    import torch

    @functools.wraps(init)
    def start(backend: str, **kwargs: object) -> None:
        if torch.cuda.is_available():
            return init(backend, **kwargs)
        set_device = torch.cuda.set_device
        torch.cuda.set_device = lambda device: None
        try:
            return init('gloo', **kwargs)
        finally:
            torch.cuda.set_device = set_device

    return start


def _launch_without_cuda() -> None:
    """MMEngine 0.10.7 calls ``torch.cuda.set_device`` in every launcher, which fails on a machine without CUDA.

    open-mmlab/mmengine, ``dist/utils.py`` since pull request 973.
    """
    from mmengine.dist import utils

    for name in ('_init_dist_pytorch', '_init_dist_slurm', '_init_dist_mpi'):
        init = getattr(utils, name)
        if not hasattr(init, '__wrapped__'):
            setattr(utils, name, _without_set_device(init))


def _wrap_without_cuda() -> None:
    """``Runner.wrap_model`` hands ``device_ids=[LOCAL_RANK]`` to DDP, which refuses them for a CPU model.

    open-mmlab/mmengine, ``runner/runner.py`` since pull request 973. The wrapper drops them where CUDA is absent.
    """
    import torch
    from mmengine.model import MMDistributedDataParallel

    init = MMDistributedDataParallel.__init__
    if hasattr(init, '__wrapped__'):
        return

    @functools.wraps(init)
    def start(self: MMDistributedDataParallel, module: torch.nn.Module, *args: object, **kwargs: object) -> None:
        if not torch.cuda.is_available():
            kwargs['device_ids'] = None
        init(self, module, *args, **kwargs)

    MMDistributedDataParallel.__init__ = start


def _format_config_fast() -> None:
    """MMEngine 0.10.7 formats the whole config with yapf for every checkpoint: 2 s for a config of 20 kB.

    open-mmlab/mmengine, ``Runner.save_checkpoint`` and ``Config.pretty_text``. A config of plain values is printed by
    :mod:`pprint` in milliseconds and reads back as the same config; any other goes MMEngine's way.
    """
    from mmengine.config import Config

    slow = Config.pretty_text.fget
    if hasattr(slow, '__wrapped__'):
        return

    @functools.wraps(slow)
    def pretty_text(self: Config) -> str:
        try:
            values = self.to_dict()
            texts = {key: pprint.pformat(value, width=110, sort_dicts=False) for key, value in values.items()}
            plain = all(ast.literal_eval(text) == values[key] for key, text in texts.items())
        except (ValueError, SyntaxError):  # a type or a function instead of its name
            plain = False
        return ''.join(f'{key} = {text}\n' for key, text in texts.items()) if plain else slow(self)

    Config.pretty_text = property(pretty_text)


def _find_own_bases() -> None:
    """MMEngine 0.10.7 finds a base ``package::name`` only in the folder ``.mim`` of an installed wheel.

    open-mmlab/mmengine, ``Config._get_cfg_path``. A clone that is installed in editable mode has its configs beside the
    package instead. Bases of ours are looked up in both places and need no scope: they are written for ours.
    """
    from mmengine.config import Config

    original = Config._get_cfg_path
    if hasattr(original, '__wrapped__'):
        return

    @functools.wraps(original)
    def get_cfg_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        if cfg_path.startswith(OWN_PREFIX):
            return str(own_base(cfg_path)), None
        return original(cfg_path, filename)

    Config._get_cfg_path = staticmethod(get_cfg_path)


def _register_safe_globals() -> None:
    """MMEngine's checkpoints do not load with ``weights_only=True``, the default since torch 2.6.

    open-mmlab/mmengine issue 1655 and pull request 1650: a pickled ``HistoryBuffer`` names ``builtins.getattr``. The
    real one is never allowed; :mod:`egoexo.checkpoints.safe_globals` registers a stand-in for four methods only.
    """
    from egoexo.checkpoints.safe_globals import register_safe_globals

    register_safe_globals()


def _read_checkpoints_as_data() -> None:
    """MMEngine 0.10.7 downloads weights with ``torch.hub``, which runs the code in them (``weights_only=False``).

    open-mmlab/mmengine, ``runner/checkpoint.py``, ``load_from_http`` and its siblings. Files of this machine go through
    our scan as well.
    """
    from egoexo.checkpoints.mmengine_loader import register_loader

    register_loader()


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def video_package_problem() -> str | None:
    """Say what is wrong with the packages that share the folders ``decord`` and ``cv2``, None when all is well.

    mmaction2 declares the old ``decord``, which overwrites decord2 (both own the folder ``decord``), and three
    packages bring an OpenCV each. pip reports neither; removing one of two owners leaves an empty shell.

    Returns:
        str | None: One sentence per problem, followed by the repair command.
    """
    problems = []
    if _installed('decord'):
        problems.append('decord (2021) is installed; it owns the same folder as decord2 and returns wrong frames or '
                        'cannot open newer files.')
    decord = importlib.util.find_spec('decord')
    if decord is not None and decord.origin is None:
        problems.append('The folder decord/ is an empty shell, left behind by uninstalling one of two owners.')
    opencvs = [name for name in OPENCV_PACKAGES if _installed(name)]
    if len(opencvs) > 1:
        problems.append(f'{len(opencvs)} packages own the folder cv2/: {", ".join(opencvs)}; the last one wins.')
    return ' '.join([*problems, f'Repair: {REPAIR}']) if problems else None


def _warn_of_video_packages() -> None:
    """Print the one repair command when decord or OpenCV have two owners; once per start, on the first rank."""
    problem = video_package_problem()
    if problem is not None and os.environ.get('RANK', '0') == '0':
        warnings.warn(problem, stacklevel=2)


_CONFIG, _RUNNER = 'mmengine/config/config.py', 'mmengine/runner/runner.py'
BRIDGES = (
    Bridge(_silence_deformable_attention, 'mmcv-lite', 'open-mmlab/mmcv cnn/bricks/transformer.py',
           'mmcv/cnn/bricks/transformer.py', r"warn\('Fail to import ``MultiScaleDeformableAttention``"),
    Bridge(_hide_broken_torchvision, 'mmengine', 'pytorch/pytorch issue 122494',
           'mmengine/utils/dl_utils/collect_env.py', r'import torchvision(?:(?!except).)*except ModuleNotFoundError'),
    Bridge(_stand_in_for_pkg_resources, 'mmengine', 'pypa/setuptools issue 5174',
           'mmengine/utils/package_utils.py', 'import pkg_resources'),
    Bridge(_stub_missing_drn, 'mmaction2', 'open-mmlab/mmaction2 issue 2714', 'mmaction/models/localizers/drn', None),
    Bridge(_stub_multimodal, 'mmaction2', 'open-mmlab/mmaction2 models/multimodal/__init__.py',
           'mmaction/utils/dependency.py', r'WITH_MULTIMODAL(?!.*timm)'),
    Bridge(_launch_without_cuda, 'mmengine', 'open-mmlab/mmengine pull request 973', 'mmengine/dist/utils.py',
           r'torch\.cuda\.set_device\('),
    Bridge(_wrap_without_cuda, 'mmengine', 'open-mmlab/mmengine pull request 973', _RUNNER,
           r"device_ids=\[int\(os\.environ\['LOCAL_RANK'\]\)\]"),
    Bridge(_format_config_fast, 'mmengine', 'open-mmlab/mmengine Runner.save_checkpoint', _RUNNER,
           r'cfg=self\.cfg\.pretty_text'),
    Bridge(_find_own_bases, 'mmengine', 'open-mmlab/mmengine Config._get_cfg_path', _CONFIG,
           r'def _get_cfg_path(?:(?!def ).)*get_installed_path'),
    Bridge(_register_safe_globals, 'mmengine', 'open-mmlab/mmengine issue 1655', 'mmengine/logging/history_buffer.py',
           r'_statistics_methods\.setdefault\('),
    Bridge(_read_checkpoints_as_data, 'mmengine', 'open-mmlab/mmengine runner/checkpoint.py',
           'mmengine/runner/checkpoint.py', r'load_url\((?!.*weights_only=True)'),
)


@functools.cache
def apply() -> None:
    """Bridge every known gap of the installed mmengine, mmcv and mmaction2; free when called again."""
    for bridge in BRIDGES:
        bridge.apply()
    _warn_of_video_packages()
