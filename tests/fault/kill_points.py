"""Where a run of the fault tests kills itself, with a real SIGKILL of its own process.

Points, as tuples:

- ``('before' | 'step' | 'after', n)``: around training iteration ``n`` (from 0): before it, between the optimizer's
  step and the hooks, after all hooks.
- ``('val', n)``: after the n-th validation batch of the process; ``('metric', n)``: in the middle of computing the
  metrics of the n-th validation.
- ``('file', n)``: before the n-th file operation in the work directory; the state on disk is the one after the
  operation before it.
"""

import builtins
import io
import json
import os
import signal
from pathlib import Path

from mmengine.hooks import Hook

from egoexo.registry import HOOKS, METRICS

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def die():
    """End this process as the kernel would."""
    os.kill(os.getpid(), signal.SIGKILL)


@HOOKS.register_module(force=True)
class SigkillHook(Hook):
    priority = 'LOWEST'

    def __init__(self, kind, number):
        self.kind, self.number, self.val_batches, self.validations = kind, number, 0, 0

    def before_train(self, runner):
        if self.kind == 'step':
            update = runner.optim_wrapper.update_params

            def update_and_die(*args, **kwargs):
                update(*args, **kwargs)
                if runner.iter == self.number:
                    die()

            runner.optim_wrapper.update_params = update_and_die
        if self.kind == 'metric':
            compute = METRICS.get('FaultMetric').compute_metrics

            def compute_and_die(metric, results):
                if self.validations == self.number:
                    die()
                self.validations += 1
                return compute(metric, results)

            METRICS.get('FaultMetric').compute_metrics = compute_and_die

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if self.kind == 'before' and runner.iter == self.number:
            die()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if self.kind == 'after' and runner.iter == self.number:
            die()

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if self.kind == 'val' and self.val_batches == self.number:
            die()
        self.val_batches += 1


class FileOperations:
    """Counts what this process does to the files of a folder, and dies before one of these operations.

    Writing is two operations: the first half of the data, flushed, and the rest.

    Args:
        folder (Path): Only operations below it count.
        die_at (int, optional): Number of the operation, from 0; None only counts.
    """

    def __init__(self, folder, die_at=None):
        self.folder, self.die_at, self.seen = str(Path(folder).resolve()), die_at, []

    def point(self, name, path):
        """Count one operation on a path or open file."""
        if isinstance(path, int):
            path = os.readlink(f'/proc/self/fd/{path}')
        path = os.path.abspath(os.fspath(path))
        if not path.startswith(self.folder):
            return
        if len(self.seen) == self.die_at:
            die()
        self.seen.append(f'{name} {os.path.relpath(path, self.folder)}')

    def install(self):
        """Replace the functions of ``os`` and ``open`` in this process, for good."""
        def wrap(name, which=0, only=lambda *args: True):
            real = getattr(os, name)

            def counted(*args, **kwargs):
                if only(*args):
                    self.point(name, args[which])
                return real(*args, **kwargs)

            setattr(os, name, counted)

        for name in ('remove', 'unlink', 'chmod', 'fsync', 'mkdir'):
            wrap(name)
        for name in ('replace', 'rename', 'symlink'):
            wrap(name, which=1)
        wrap('open', only=lambda path, flags, *rest: flags & WRITING)
        real_open = io.open

        def counted_open(file, mode='r', *args, **kwargs):
            if not set(mode) & set('wax+'):
                return real_open(file, mode, *args, **kwargs)
            self.point('open', file)
            stream = real_open(file, mode, *args, **kwargs)
            return _Stream(stream, self) if 'b' in mode else stream

        builtins.open = io.open = counted_open

    def save(self, path):
        """Write the list of operations, for the process that counts."""
        die_at, self.folder = self.die_at, 'nowhere'
        Path(path).write_text(json.dumps(self.seen))
        return die_at


class _Stream:
    def __init__(self, stream, operations):
        self.stream, self.operations = stream, operations

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def __enter__(self):
        return self

    def __exit__(self, *details):
        self.stream.close()

    def write(self, data):
        middle = len(data) // 2
        for part, name in ((data[:middle], 'write'), (data[middle:], 'write the rest of')):
            self.operations.point(name, self.stream.fileno())
            self.stream.write(part)
            self.stream.flush()
        return len(data)
