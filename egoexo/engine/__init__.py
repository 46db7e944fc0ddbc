"""Training machinery that MMEngine lacks. Importing it registers the file backend ``atomic_local``."""

from egoexo.engine.atomic_backend import AtomicLocalBackend, write_atomically
from egoexo.engine.resume import find_resumable_checkpoint, read_progress

__all__ = ['AtomicLocalBackend', 'find_resumable_checkpoint', 'read_progress', 'write_atomically']
