"""Training machinery that MMEngine lacks. Importing it registers the file backend ``atomic_local``."""

from egoexo.engine.atomic_backend import AtomicLocalBackend, remove_stale_parts, write_atomically
from egoexo.engine.failures import check_writable, explained_failures
from egoexo.engine.resume import find_resumable_checkpoint, newest_checkpoint, read_progress

__all__ = ['AtomicLocalBackend', 'check_writable', 'explained_failures', 'find_resumable_checkpoint',
           'newest_checkpoint', 'read_progress', 'remove_stale_parts', 'write_atomically']
