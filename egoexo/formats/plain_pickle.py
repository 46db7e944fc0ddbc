"""Pickles of plain data, followed instruction by instruction: nothing of Python is looked up and nothing is run.

Official annotations and predictions of several benchmarks are pickles. Python's own unpickler imports whatever a file
names and calls it; even without names it can be made to fill the memory (a place in its table of 4,000,000,000) or to
overflow the stack of the interpreter (a dictionary key that is a tuple in a tuple, a million deep). Here the few
instructions that data needs build lists, tuples, dictionaries, numbers and text, and each name in the file stands for
the inert stand-in that the reader has put on its list, or is refused.
"""

import os
import struct
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from egoexo.errors import EgoExoError, explain
from egoexo.files import read_bytes

__all__ = ['MAX_PICKLE_BYTES', 'Pending', 'PickleRefusal', 'parse_pickle', 'read_pickle', 'shown']

#: Largest pickle that is read unless a reader says otherwise; the largest official table has 20 MB.
MAX_PICKLE_BYTES = 256 * 2**20
#: Bytes that calls may make of one byte of the file: a file that has a long text turned into bytes again and again
#: would fill the memory.
_MAX_GROWTH = 16
_LIST_ITEM = 64  # bytes of a short text and its place in a list
_SCALARS = (str, int, float, bytes, type(None), np.generic)  # bool is an int


class PickleRefusal(ValueError):
    """What was found that no data needs; its text follows the word "found" once the file is known."""


class Pending:
    """Result of a call that gets its content by a further instruction; base of such stand-ins."""

    def content(self, state: object) -> object:
        """What takes the place of this object.

        Args:
            state (object): As it stands in the file.

        Returns:
            object: The value, or ``self`` if it goes on being pending.

        Raises:
            PickleRefusal: If the state is none of this object.
        """
        raise NotImplementedError


def shown(value: object) -> str:
    """A value from a file for a message; never walks through a collection, which may hold itself a million times.

    Args:
        value (object): Anything.

    Returns:
        str: At most 80 characters.

    Examples:
        >>> shown('P01'), shown([[1], [2]])
        ("'P01'", 'a list')
    """
    return f'{value!r:.80}' if isinstance(value, _SCALARS) else f'a {type(value).__name__}'


class _Function:
    """A name in the file that may be called, and what is called in its place."""

    def __init__(self, name: str, stand_in: Callable) -> None:
        self.name, self.stand_in = name, stand_in


def read_pickle(path: str | os.PathLike, error: type[EgoExoError], what: str, names: Mapping[str, object],
                max_bytes: int = MAX_PICKLE_BYTES, finish: Callable[[object], object] | None = None) -> object:
    """Read a file that is one pickle.

    Args:
        path (str | os.PathLike): The file.
        error (type[EgoExoError]): Class of every refusal.
        what (str): What the file should be, e.g. ``'a frame list'``.
        names (Mapping[str, object]): See :func:`parse_pickle`.
        max_bytes (int): Largest file.
        finish (Callable, optional): Called with the outermost object; whatever it raises is a refusal of the file.

    Returns:
        object: Its content, or what ``finish`` made of it.

    Raises:
        EgoExoError: ``error`` if there is no such file, it is too large or no pickle of plain data.
    """
    data = read_bytes(path, error, what, max_bytes)
    try:
        content = parse_pickle(data, names)[0]
        with _refusals():
            return content if finish is None else finish(content)
    except PickleRefusal as refusal:
        raise error(explain(path, f'{what}, a pickle of plain data', refusal, 'Nothing of it was executed. Fetch it '
                            'again, or leave the file alone.')) from refusal


@contextmanager
def _refusals() -> Iterator[None]:
    """A damaged pickle fails in any way (empty stack, bad text, wrong arguments); all of them mean the same."""
    try:
        yield
    except PickleRefusal:
        raise
    except Exception as cause:
        reason = (str(cause).strip().split('\n')[0] or 'no further reason')[:200]
        raise PickleRefusal(f'something that cannot be read ({type(cause).__name__}: {reason})') from cause


def parse_pickle(data: bytes, names: Mapping[str, object] | None = None, start: int = 0,
                 storage: Callable[[object], object] | None = None, num_bytes: int | None = None) -> tuple[object, int]:
    """Follow one pickle of protocol 2 to 5.

    Args:
        data (bytes): The pickle, perhaps with more in front of it and behind it.
        names (Mapping[str, object], optional): ``'module.name'``, in the words of Python 3, to what stands in for it: a
            function that is called with the arguments in the file and may return a :class:`Pending`, or a value where
            a file only names the object. Defaults to none.
        start (int): Offset of the first instruction.
        storage (Callable, optional): Called with each persistent id (the storages of torch); None refuses them.
        num_bytes (int, optional): Size of the file of which the pickle is a part; None takes that of ``data``. What
            calls may make is limited by it.

    Returns:
        tuple[object, int]: The outermost object, and the offset behind its last instruction.

    Raises:
        PickleRefusal: If anything else stands in it, or it is damaged.

    Examples:
        >>> import pickle
        >>> parse_pickle(pickle.dumps({'P01': [1, 2.5, None]}))[0]
        {'P01': [1, 2.5, None]}
        >>> parse_pickle(pickle.dumps(print))
        Traceback (most recent call last):
        egoexo.formats.plain_pickle.PickleRefusal: the Python object builtins.print, which is not built from a file
    """
    with _refusals():
        machine = _Machine(data, names or {}, start, storage, len(data) if num_bytes is None else num_bytes)
        return machine.run(), machine.place


class _Machine:
    """Follows one pickle; see :func:`parse_pickle`."""

    def __init__(self, data: bytes, names: Mapping[str, object], start: int,
                 storage: Callable[[object], object] | None, num_bytes: int) -> None:
        self.data, self.names, self.place, self.storage = data, names, start, storage
        self.stack: list = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}
        self.budget = _MAX_GROWTH * num_bytes

    def run(self) -> object:
        actions = _ACTIONS
        data = self.data
        while True:
            if self.place >= len(data):
                raise PickleRefusal('a pickle without an end: it was cut short')
            code = data[self.place]
            self.place += 1
            if code == 0x2e:  # STOP
                return self.stack.pop()
            action = actions.get(code)
            if action is None:
                raise PickleRefusal(f'the pickle instruction {bytes([code])!r}, which no table of data has')
            action(self)

    def take(self, num_bytes: int) -> bytes:
        """The next bytes."""
        end = self.place + num_bytes
        if num_bytes < 0 or end > len(self.data):
            raise PickleRefusal(f'{num_bytes:,} bytes announced at offset {self.place:,} of {len(self.data):,}')
        part = self.data[self.place:end]
        self.place = end
        return part

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), 'little')

    def line(self) -> str:
        end = self.data.index(b'\n', self.place)
        text = str(self.data[self.place:end], 'utf-8')
        self.place = end + 1
        return text

    def items(self) -> list:
        """What stands above the last mark."""
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def name(self, module: str, name: str) -> None:
        module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
        full = f'{module}.{name}'
        if full not in self.names:
            raise PickleRefusal(f'the Python object {full[:200]}, which is not built from a file')
        stand_in = self.names[full]
        self.stack.append(_Function(full, stand_in) if callable(stand_in) else stand_in)

    def global_by_lines(self) -> None:
        module = self.line()
        self.name(module, self.line())

    def global_by_stack(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise PickleRefusal('a name that is no text')
        self.name(module, name)

    def call(self) -> None:
        args, target = self.stack.pop(), self.stack.pop()
        if not isinstance(target, _Function) or not isinstance(args, tuple):
            raise PickleRefusal('a call of something that is not called from a file')
        self.stack.append(self.paid(target.stand_in(*args), args))

    def paid(self, result: object, args: tuple = ()) -> object:
        """Keep account of what calls are given and make."""
        for value in (result, *args):
            if isinstance(value, np.ndarray):
                self.budget -= value.nbytes
            elif isinstance(value, bytes | str | list):
                self.budget -= len(value) * (_LIST_ITEM if isinstance(value, list) else 1)
        if self.budget < 0:
            raise PickleRefusal('the same content made again and again, more than the file holds')
        return result

    def call_with_keywords(self) -> None:
        keywords = self.stack.pop()
        if keywords != {}:
            raise PickleRefusal('a call with keywords')
        self.call()

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if not isinstance(target, Pending):
            raise PickleRefusal('an instruction that sets the state of something that has none')
        self.stack[-1] = result = self.paid(target.content(state))
        if result is not target and (key := target.__dict__.pop('memo_key', None)) is not None:
            self.memo[key] = result

    def put(self, key: int) -> None:
        top = self.memo[key] = self.stack[-1]
        if isinstance(top, Pending):
            top.memo_key = key

    def persistent(self) -> None:
        if self.storage is None:
            raise PickleRefusal('a reference to something outside the file')
        self.stack.append(self.storage(self.stack.pop()))

    def append(self) -> None:
        item = self.stack.pop()
        self.as_list().append(item)

    def extend(self) -> None:
        items = self.items()
        self.as_list().extend(items)

    def as_list(self) -> list:
        if not isinstance(self.stack[-1], list):
            raise PickleRefusal('an instruction that appends to something other than a list')
        return self.stack[-1]

    def set_items(self, items: list) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise PickleRefusal('an instruction that sets an item of something other than a dictionary')
        for key in items[::2]:  # the hash of nested tuples overflows the stack of the interpreter
            if not isinstance(key, _SCALARS) and not (
                    isinstance(key, tuple) and all(isinstance(part, _SCALARS) for part in key)):
                raise PickleRefusal('a dictionary key that is itself a collection')
        target.update(zip(items[::2], items[1::2], strict=True))

    def set_one(self) -> None:
        items = self.stack[-2:]
        del self.stack[-2:]
        self.set_items(items)

    def top_tuple(self, length: int) -> None:
        items = tuple(self.stack[-length:])
        if len(items) < length:
            raise PickleRefusal('a tuple of more than there is')
        self.stack[-length:] = [items]

    def text(self, width: int) -> None:
        self.stack.append(str(self.take(self.number(width)), 'utf-8'))

    def text_of_python_2(self, width: int) -> None:
        self.stack.append(str(self.take(self.number(width)), 'latin-1'))

    def binary(self, width: int) -> None:
        self.stack.append(self.take(self.number(width)))

    def long(self, width: int) -> None:
        self.stack.append(int.from_bytes(self.take(self.number(width)), 'little', signed=True))


def _pusher(value: object) -> Callable[[_Machine], None]:
    return lambda machine: machine.stack.append(value)


#: Byte -> what is done; the names in pickletools stand behind.
_ACTIONS: dict[int, Callable[[_Machine], object]] = {code[0]: action for code, action in {
    b'\x80': lambda machine: machine.take(1),  # PROTO
    b'\x95': lambda machine: machine.take(8),  # FRAME
    b'N': _pusher(None), b'\x88': _pusher(True), b'\x89': _pusher(False), b')': _pusher(()),
    b']': lambda machine: machine.stack.append([]), b'}': lambda machine: machine.stack.append({}),
    b'(': lambda machine: machine.marks.append(len(machine.stack)),
    b'K': lambda machine: machine.stack.append(machine.number(1)),  # BININT1
    b'M': lambda machine: machine.stack.append(machine.number(2)),  # BININT2
    b'J': lambda machine: machine.stack.append(struct.unpack('<i', machine.take(4))[0]),  # BININT
    b'G': lambda machine: machine.stack.append(struct.unpack('>d', machine.take(8))[0]),  # BINFLOAT
    b'\x8a': lambda machine: machine.long(1), b'\x8b': lambda machine: machine.long(4),
    b'\x8c': lambda machine: machine.text(1), b'X': lambda machine: machine.text(4),
    b'\x8d': lambda machine: machine.text(8),
    b'U': lambda machine: machine.text_of_python_2(1), b'T': lambda machine: machine.text_of_python_2(4),
    b'C': lambda machine: machine.binary(1), b'B': lambda machine: machine.binary(4),
    b'\x8e': lambda machine: machine.binary(8), b'\x96': lambda machine: machine.binary(8),  # BYTEARRAY8
    b't': lambda machine: machine.stack.append(tuple(machine.items())),
    b'\x85': lambda machine: machine.top_tuple(1), b'\x86': lambda machine: machine.top_tuple(2),
    b'\x87': lambda machine: machine.top_tuple(3),
    b'a': _Machine.append, b'e': _Machine.extend, b's': _Machine.set_one,
    b'u': lambda machine: machine.set_items(machine.items()),
    b'h': lambda machine: machine.stack.append(machine.memo[machine.number(1)]),  # BINGET
    b'j': lambda machine: machine.stack.append(machine.memo[machine.number(4)]),  # LONG_BINGET
    b'q': lambda machine: machine.put(machine.number(1)), b'r': lambda machine: machine.put(machine.number(4)),
    b'\x94': lambda machine: machine.put(len(machine.memo)),  # MEMOIZE
    b'0': lambda machine: machine.stack.pop(),  # POP
    b'1': _Machine.items,  # POP_MARK
    b'c': _Machine.global_by_lines, b'\x93': _Machine.global_by_stack,
    b'R': _Machine.call, b'\x81': _Machine.call,  # REDUCE, NEWOBJ
    b'\x92': _Machine.call_with_keywords, b'b': _Machine.build, b'Q': _Machine.persistent,
}.items()}
