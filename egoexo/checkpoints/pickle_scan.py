"""Reads the pickle of a checkpoint as a list of instructions, before anything is built from it.

``torch.load(weights_only=True)`` keeps foreign code out, but it builds what it is told to build: a file of 200 bytes
makes it fill gigabytes (``bytearray``, ``torch.Tensor`` of a size), or overflows the stack of the interpreter (a
dictionary key that is a tuple in a tuple, a million deep). The scan follows the few instructions that such a file may
hold, with inert stand-ins for all objects, and refuses names, calls, keys and sizes that no checkpoint needs.
"""

import math
import pickletools
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import BinaryIO

import torch

from egoexo.checkpoints.safe_globals import safe_globals_list

__all__ = ['Refusal', 'Storage', 'scan_pickle']

#: Elements of a view that repeats its storage (``expand``), beyond which it is taken for an attempt to fill the memory.
_MAX_REPEATED = 1_000_000
_ITEM_SIZES = {'DoubleStorage': 8, 'FloatStorage': 4, 'HalfStorage': 2, 'BFloat16Storage': 2, 'LongStorage': 8,
               'IntStorage': 4, 'ShortStorage': 2, 'CharStorage': 1, 'ByteStorage': 1, 'BoolStorage': 1,
               'ComplexFloatStorage': 8, 'ComplexDoubleStorage': 16}
_STORAGES = {f'torch.{name}': size for name, size in _ITEM_SIZES.items()} | {'torch.storage.UntypedStorage': 1}
_PLAIN_CALLS = ('collections.OrderedDict', 'collections.Counter', 'builtins.set', 'builtins.complex', 'torch.Size',
                'torch.device', 'torch.serialization._get_layout', '_codecs.encode')
_TENSOR_CALLS = ('torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2')
_PARAMETER_CALL = 'torch._utils._rebuild_parameter'
_DTYPES = frozenset(str(value) for value in vars(torch).values() if isinstance(value, torch.dtype))
_MISSING = object()


class Refusal(Exception):
    """What was found that no checkpoint needs; its text follows the word "found" once the file is known."""


@dataclass(eq=False)
class _Global:
    name: str


@dataclass(eq=False)
class _Made:
    """Result of a call."""

    function: str


@dataclass(eq=False)
class Storage:
    """Numbers that a pickle refers to.

    Args:
        key (str): Its name in the file.
        numel (int): Declared elements.
        item_size (int): Bytes of each.
    """

    key: str
    numel: int
    item_size: int

    @property
    def num_bytes(self) -> int:
        """Declared bytes."""
        return self.numel * self.item_size


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62


class _Scanner:
    """Follows one pickle.

    Args:
        extra_names (Collection[str]): Further globals that may be named and called, with inert stand-ins.
        check_storage (Callable): Raises :class:`Refusal` for a storage that the file does not hold.
    """

    def __init__(self, extra_names: Collection[str], check_storage: Callable[[Storage], None]) -> None:
        ours = {name for _, name in safe_globals_list()} | set(extra_names)
        self.callables = ours.union(_PLAIN_CALLS, _TENSOR_CALLS, [_PARAMETER_CALL])
        self.names = self.callables.union(_STORAGES, _DTYPES)
        self.check_storage = check_storage
        self.storages: dict[str, Storage] = {}
        self.stack: list[object] = []
        self.marks: list[list[object]] = []
        self.memo: dict[int, object] = {}

    def run(self, stream: BinaryIO) -> object:
        for opcode, arg, _ in pickletools.genops(stream):
            action = getattr(self, f'op_{opcode.name.lower()}', None)
            if opcode.name == 'STOP':
                return self.stack.pop()
            if opcode.name in _CONSTANTS:
                self.stack.append(arg if _CONSTANTS[opcode.name] is _MISSING else _CONSTANTS[opcode.name])
            elif action is not None:
                action(arg)
            elif opcode.name != 'PROTO':
                raise Refusal(f'the pickle instruction {opcode.name}, which torch.save does not write')
        raise EOFError('the pickle has no end')

    def op_global(self, arg: str) -> None:
        module, _, name = arg.partition(' ')
        if (module, name) in NAME_MAPPING:
            module, name = NAME_MAPPING[module, name]
        full = f'{IMPORT_MAPPING.get(module, module)}.{name}'
        if ' ' in name or full not in self.names:
            raise Refusal(f'the Python object {full}, which is not built from a file')
        self.stack.append(_Global(full))

    def op_mark(self, _: object) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[object]:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def op_tuple(self, _: object) -> None:
        items = self.pop_mark()  # which changes the stack
        self.stack.append(tuple(items))

    def op_tuple1(self, _: object) -> None:
        self.stack[-1:] = [tuple(self.stack[-1:])]

    def op_tuple2(self, _: object) -> None:
        self.stack[-2:] = [(self.stack[-2], self.stack[-1])]

    def op_tuple3(self, _: object) -> None:
        self.stack[-3:] = [(self.stack[-3], self.stack[-2], self.stack[-1])]

    def op_empty_list(self, _: object) -> None:
        self.stack.append([])

    def op_empty_dict(self, _: object) -> None:
        self.stack.append({})  # stays empty: what a dictionary holds is looked at when it comes in

    def op_append(self, _: object) -> None:
        self.extend([self.stack.pop()])

    def op_appends(self, _: object) -> None:
        self.extend(self.pop_mark())

    def extend(self, items: list[object]) -> None:
        if not isinstance(self.stack[-1], list):
            raise Refusal('an instruction that appends to something other than a list')
        self.stack[-1].extend(items)

    def op_setitem(self, _: object) -> None:
        self.check_key(self.stack[-2])
        del self.stack[-2:]

    def op_setitems(self, _: object) -> None:
        for key in self.pop_mark()[::2]:
            self.check_key(key)

    def check_key(self, key: object) -> None:
        """A key is hashed, and the hash of nested tuples overflows the stack."""
        if any(isinstance(part, tuple | list | dict) for part in (key if isinstance(key, tuple) else (key,))):
            raise Refusal('a dictionary key or set element that is itself a nested collection')

    def op_binget(self, arg: int) -> None:
        self.stack.append(self.memo[arg])

    op_long_binget = op_binget

    def op_binput(self, arg: int) -> None:
        self.memo[arg] = self.stack[-1]

    op_long_binput = op_binput

    def op_binpersid(self, _: object) -> None:
        pid = self.stack.pop()
        if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != 'storage' or (
                len(pid) == 6 and pid[5] is not None):
            raise Refusal('a reference to something other than a whole storage of numbers')
        _, kind, key, location, numel = pid[:5]
        item_size = _STORAGES.get(kind.name) if isinstance(kind, _Global) else None
        if item_size is None or not isinstance(key, str) or not isinstance(location, str) or not _is_count(numel):
            raise Refusal('a storage whose type, name, place or size is none')
        storage = self.storages.get(key)
        if storage is None:
            storage = self.storages[key] = Storage(key, numel, item_size)
            self.check_storage(storage)
        elif (storage.numel, storage.item_size) != (numel, item_size):
            raise Refusal(f'the storage {key!r} with two sizes')
        self.stack.append(storage)

    def op_newobj(self, _: object) -> None:
        self.call(only=self.callables.difference(_PLAIN_CALLS, _TENSOR_CALLS, [_PARAMETER_CALL])
                  | {'collections.OrderedDict'})

    def op_reduce(self, _: object) -> None:
        self.call(only=self.callables)

    def call(self, only: Collection[str]) -> None:
        args = self.stack.pop()
        function = self.stack.pop()
        name = function.name if isinstance(function, _Global) else None
        if name not in only or not isinstance(args, tuple):
            raise Refusal(f'a call of {name or "something"}, which is not called from a file')
        if name in _TENSOR_CALLS:
            self.check_tensor(args)
        elif name == '_codecs.encode' and (len(args) != 2 or args[1] != 'latin1'):
            raise Refusal(f'text in the encoding {args[1:]!r:.60}')
        elif name in ('collections.OrderedDict', 'collections.Counter', 'builtins.set'):
            self.check_elements(name, args)
        elif name in ('torch.Size', 'torch.device') and not all(
                isinstance(part, int | str) for arg in args for part in (arg if isinstance(arg, list | tuple)
                                                                         else (arg,))):
            raise Refusal(f'a call of {name} with something other than numbers')
        self.stack.append(_Made(name))

    def check_elements(self, name: str, args: tuple) -> None:
        """Keys of an ordered dictionary (pairs in a list, as Python 2 wrote it) or elements of a set."""
        if not args:
            return
        elements = args[0]
        if len(args) != 1 or not isinstance(elements, list | dict):
            raise Refusal(f'a call of {name} with something other than a list')
        for element in elements:
            if name == 'collections.OrderedDict' and (not isinstance(element, list | tuple) or len(element) != 2):
                raise Refusal(f'a call of {name} with something other than pairs')
            self.check_key(element[0] if name == 'collections.OrderedDict' else element)

    def check_tensor(self, args: tuple) -> None:
        storage, offset, size, stride = args[:4] if len(args) >= 4 else (None,) * 4
        if not isinstance(storage, Storage) or not _is_count(offset) or not all(
                isinstance(part, tuple) and len(part) <= 64 and all(map(_is_count, part)) for part in (size, stride)):
            raise Refusal('a tensor whose storage, offset, shape or strides are none')
        if len(size) != len(stride):
            raise Refusal(f'a tensor with {len(size)} sizes and {len(stride)} strides')
        count = math.prod(size)
        extent = offset + 1 + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
        if count and (extent > storage.numel or count > max(storage.numel, _MAX_REPEATED)):
            shape = ' x '.join(map(str, size))
            raise Refusal(f'a tensor of {shape} numbers in a storage of {storage.numel:,}')

    def op_build(self, _: object) -> None:
        self.stack.pop()
        if not isinstance(self.stack[-1], _Made):
            raise Refusal('an instruction that sets the state of something that has none')


#: Instructions that push a value: that of the instruction itself where it is ``_MISSING``.
_CONSTANTS = {'NONE': None, 'NEWTRUE': True, 'NEWFALSE': False, 'EMPTY_TUPLE': ()} | dict.fromkeys(
    ('BININT', 'BININT1', 'BININT2', 'BINFLOAT', 'BINUNICODE', 'SHORT_BINSTRING', 'LONG1'), _MISSING)


def scan_pickle(stream: BinaryIO, extra_names: Collection[str],
                check_storage: Callable[[Storage], None]) -> tuple[object, dict[str, Storage]]:
    """Follow one pickle without building anything.

    Args:
        stream (BinaryIO): Positioned at its first instruction; afterwards behind its last one.
        extra_names (Collection[str]): Names beyond tensors, numbers, text and MMEngine's log history that may occur.
        check_storage (Callable): Called once per storage; raises :class:`Refusal` when the file does not hold it.

    Returns:
        tuple[object, dict[str, Storage]]: The outermost object, inert, and the storages by key.

    Raises:
        Refusal: If the pickle holds anything that no checkpoint needs.
        Exception: Of any kind if it is no pickle.
    """
    scanner = _Scanner(extra_names, check_storage)
    return scanner.run(stream), scanner.storages
