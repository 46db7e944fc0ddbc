"""The run behind a golden curve: a shipped config on exact inputs, every step noted; starts as its own process.

golden.py calls ``python -m reproducibility.golden_run NAMES OUT.json`` with the environment of
:data:`golden.ENVIRONMENT`; ``--fast-kernels`` as a third argument leaves oneDNN on, for measurements.
"""

import hashlib
import json
import logging
import math
import platform
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from reproducibility.exact_world import hash_files, write_exact_world
from torch.nn import functional as F

from egoexo.apis import cli, load_config

REPO = Path(__file__).resolve().parents[2]
_BY_ITERATION = {
    'train_cfg': dict(_delete_=True, type='SeededIterLoop', max_iters=30, val_interval=30),
    'train_dataloader.batch_size': 2,
    'train_dataloader.sampler.type': 'InfiniteSeededSampler',
    'log_processor.by_epoch': False,
    '+default_hooks.checkpoint.by_epoch': False,
    'default_hooks.checkpoint.interval': 30,
    '+param_scheduler': [dict(type='CosineAnnealingLR', by_epoch=False, T_max=30)],
}
#: Config and options by name of the curve.
RUNS = {
    'ego': ('mini_mstcn_i3d_egoexolearn-ego', {'train_cfg.max_epochs': 20, 'train_cfg.val_interval': 20}),
    'egoexo_iterations': ('mini_mstcn_i3d_egoexolearn-egoexo', _BY_ITERATION),
}


def _digest(*tensors: torch.Tensor) -> str:
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(tensor.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()


def probe() -> str:
    """Hash of three steps of a small network made of torch alone, with the layers and memory orders of the model.

    Returns:
        str: 64 hexadecimal digits. Another value means that this machine rounds in another way than the one the curve
        was stored on; the package has no part in it.
    """
    numbers = torch.from_numpy(np.frombuffer(hashlib.shake_256(b'probe').digest(2**18), dtype='i1') / np.float32(64))
    embed, kernel, classes = weights = [
        (numbers[:math.prod(shape)].reshape(shape) / 16).requires_grad_()
        for shape in ((64, 1024), (64, 64, 1, 3), (28, 64))]
    adam = torch.optim.Adam(weights, lr=1e-3)
    seen = []
    for batch, steps in ((1, 61), (2, 37), (1, 83)):
        h = F.linear(numbers[-batch * steps * 1024:].reshape(batch, steps, 1024), embed)
        for dilation in (1, 4, 64):
            image = h.transpose(1, 2).unsqueeze(2).contiguous(memory_format=torch.channels_last)
            branch = F.conv2d(image, kernel, padding=(0, dilation), dilation=(1, dilation)).relu()
            h = (h + branch.squeeze(2).transpose(1, 2)) / 4
        log_probs = F.log_softmax(F.linear(h, classes), -1)
        loss = F.nll_loss(log_probs.flatten(0, 1), torch.arange(batch * steps) % 28) + \
            (log_probs[:, 1:] - log_probs[:, :-1]).square().clamp(max=16.0).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        seen += [loss, F.softmax(log_probs, -1), *(weight.grad.clone() for weight in weights)]
    return _digest(*seen, *weights)


class Recorder(Hook):
    """Notes losses, size of the gradient and learning rate of every step, and the scores of the validation."""

    def __init__(self) -> None:
        self.steps: list[dict[str, str]] = []
        self.scores: dict[str, str] = {}
        self.initial = ''

    def before_train(self, runner: Runner) -> None:
        self.initial = _digest(*runner.model.state_dict().values())
        runner.optim_wrapper.optimizer.register_step_pre_hook(self._note_gradient)

    def _note_gradient(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        squares = [float(parameter.grad.double().square().sum())
                   for group in optimizer.param_groups for parameter in group['params'] if parameter.grad is not None]
        self.norm = math.sqrt(math.fsum(squares))

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                         outputs: dict | None = None) -> None:
        lr = runner.optim_wrapper.get_lr()['lr'][0]
        values = {name: float(value) for name, value in outputs.items()} | dict(grad_norm=self.norm, lr=lr)
        self.steps.append({name: value.hex() for name, value in values.items()})

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        self.scores = {name: float(value).hex() for name, value in metrics.items()}


def record(name: str, exact: bool = True) -> dict[str, object]:
    """Run one training and note its digits.

    Args:
        name (str): Key of :data:`RUNS`.
        exact (bool): Without oneDNN, whose kernels depend on the processor beyond what can be pinned.

    Returns:
        dict: ``versions``, hashes of ``inputs``, ``arithmetic``, ``initial_weights`` and ``final_weights``, ``steps``
        (numbers as ``float.hex``) and ``scores``.
    """
    config, options = RUNS[name]
    with tempfile.TemporaryDirectory() as folder, torch.backends.mkldnn.flags(enabled=not exact):
        root = write_exact_world(Path(folder) / 'world')
        roots = {f'{split}_dataloader.dataset.data_root': str(root) for split in ('train', 'val', 'test')}
        path = REPO / 'configs' / 'segmentation' / f'{config}.py'
        cfg = load_config(path, roots | options)
        cfg.log_level = 'ERROR'
        cli.prepare(cfg, path, str(Path(folder) / 'work'), 'none')
        runner, recorder = Runner.from_cfg(cfg), Recorder()
        runner.register_hook(recorder, priority='LOWEST')
        runner.train()
        logging.shutdown()
        return dict(
            versions=dict(torch=torch.__version__, numpy=np.__version__, machine=platform.machine()),
            config=config, inputs=hash_files(root), arithmetic=probe(), initial_weights=recorder.initial,
            final_weights=_digest(*runner.model.state_dict().values()), scores=recorder.scores, steps=recorder.steps)


if __name__ == '__main__':
    names, target, mode = sys.argv[1].split(','), Path(sys.argv[2]), sys.argv[3:]
    target.write_text(json.dumps({name: record(name, exact='--fast-kernels' not in mode) for name in names}))
