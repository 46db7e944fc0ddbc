"""Which third-person clips show what an egocentric segment shows, by the meaning of their labels (SUM-L).

A pair file is a JSON object: row of the training list (a number as text) -> ``same``, ``sub``, ``sub_verb`` and
``sub_noun``, each a list of ``{entry number: [verbs, nouns, pictures, narration]}`` with one entry number each,
pictures being ``[[path], ...]``. The official file holds paths of its authors' disk, ours paths below that of LEMMA.
"""

import hashlib
import os
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from egoexo.errors import AnnotationError, explain
from egoexo.files import read_text
from egoexo.formats.json_stream import JsonStream, parse_member
from egoexo.formats.json_writer import write_members
from egoexo.formats.lemma import is_inside
from egoexo.formats.whole_file import open_whole

__all__ = ['KINDS', 'MATCH_TYPES', 'UNMATCHED', 'PairEntry', 'SemanticPairs', 'mine_pairs', 'read_pair_choices',
           'read_semantic_pairs', 'write_semantic_pairs']

#: Lists of a row, best first.
KINDS = ('same', 'sub', 'sub_verb', 'sub_noun')
#: Official number of each kind.
MATCH_TYPES = {'same': 2, 'sub': 1, 'sub_verb': 3, 'sub_noun': 4}
#: Official number of a row without any entry, which takes one of another row.
UNMATCHED = 0
_WHAT = 'a pair file'
_MAX_ROW_CHARS = 2**24  # 30 entries of 32 paths in four lists are half a million
_MAX_ID = 10**9
_NUMBER = re.compile(r'0|[1-9][0-9]{0,8}')
_ADVICE = 'Make it with tools/data/pair_semantics.py, or fetch it again.'


class PairEntry(NamedTuple):
    """A third-person clip.

    Args:
        index (int): Place in the official list, which holds every segment of LEMMA three times.
        verbs (tuple[int, ...]): Verb ids of EPIC-Kitchens, -1 for a verb without counterpart.
        nouns (tuple[int, ...]): The same of nouns.
        frames (tuple[str, ...]): Paths of the pictures, 32 in the release.
        narration (str): Sentence.
    """

    index: int
    verbs: tuple[int, ...]
    nouns: tuple[int, ...]
    frames: tuple[str, ...]
    narration: str


class SemanticPairs:
    """Entries by row; an entry that many rows share is kept once.

    Args:
        path (str | os.PathLike): Where they come from, for messages.
    """

    def __init__(self, path: str | os.PathLike = 'memory') -> None:
        self.path = path
        self.entries: list[PairEntry] = []
        self._known: dict[PairEntry, int] = {}
        self._rows: dict[int, int] = {}
        self._stops, self._members = array('q', [0]), array('q')

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row: int) -> bool:
        return row in self._rows

    @property
    def rows(self) -> list[int]:
        """Numbers of the rows, in file order."""
        return list(self._rows)

    def add(self, row: int, lists: Mapping[str, Iterable[PairEntry]]) -> None:
        """Add a row.

        Args:
            row (int): Its number.
            lists (Mapping[str, Iterable[PairEntry]]): By kind.
        """
        self._rows[row] = len(self._rows)
        for kind in KINDS:
            for entry in lists[kind]:
                place = self._known.setdefault(entry, len(self.entries))
                if place == len(self.entries):
                    self.entries.append(entry)
                self._members.append(place)
            self._stops.append(len(self._members))

    def of(self, row: int, kind: str) -> list[PairEntry]:
        """Entries of a list.

        Args:
            row (int): Its number.
            kind (str): One of :data:`KINDS`.

        Raises:
            AnnotationError: If the file does not have the row.
        """
        if row not in self._rows:
            raise AnnotationError(explain(self.path, f'an entry for row {row} of the training list', f'{len(self):,} '
                                          'other rows', 'The file was made for another list. ' + _ADVICE))
        place = len(KINDS) * self._rows[row] + KINDS.index(kind)
        return [self.entries[number] for number in self._members[self._stops[place]:self._stops[place + 1]]]

    def match(self, row: int) -> tuple[str | None, list[PairEntry]]:
        """The best list of a row that is not empty.

        Args:
            row (int): Its number.

        Returns:
            tuple[str | None, list[PairEntry]]: Its kind and entries; None and nothing if all are empty.
        """
        for kind in KINDS:
            found = self.of(row, kind)
            if found:
                return kind, found
        return None, []


def read_semantic_pairs(path: str | os.PathLike, path_prefix: tuple[str, str] | None = None) -> SemanticPairs:
    """Read a pair file row by row: the official one, or one that the miner wrote.

    Args:
        path (str | os.PathLike): The file.
        path_prefix (tuple[str, str], optional): What the paths in the file begin with, and what stands there instead,
            e.g. ``('/usa/somebody/LEMMA_dataset/', '')``. None (default) for a file with relative paths.

    Returns:
        SemanticPairs: All rows.

    Raises:
        AnnotationError: If the file is missing or malformed, or a path is absolute or leads out of its folder.
    """
    pairs = SemanticPairs(path)
    texts: dict[str, str] = {}
    known: dict[bytes, dict[str, list[PairEntry]]] = {}
    with JsonStream(path, AnnotationError, _WHAT, _MAX_ROW_CHARS) as stream:
        for key in stream.members():
            where = f'{path} row {key[:20]}'
            if not _NUMBER.fullmatch(key):
                raise AnnotationError(explain(path, 'numbers of rows as keys', repr(key[:80]), _ADVICE))
            text = stream.text()
            digest = hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=16).digest()
            if digest not in known:  # rows with the same verb and noun are the same
                known[digest] = _lists(parse_member(text, AnnotationError, where), where, path_prefix, texts)
            pairs.add(int(key), known[digest])
        stream.end()
    if not len(pairs):
        raise AnnotationError(explain(path, 'at least one row', 'none', _ADVICE))
    return pairs


def _lists(content: object, where: str, path_prefix: tuple[str, str] | None,
           texts: dict[str, str]) -> dict[str, list[PairEntry]]:
    """Entries of a row by kind."""
    if not isinstance(content, dict) or set(content) != set(KINDS) or \
            not all(isinstance(items, list) for items in content.values()):
        found = f'the keys {sorted(content)[:8]}' if isinstance(content, dict) else f'{content!r}'[:80]
        raise AnnotationError(explain(where, f'lists {", ".join(KINDS)}', found, _ADVICE))
    return {kind: [_entry(item, f'{where} {kind}', path_prefix, texts) for item in items]
            for kind, items in content.items()}


def _entry(item: object, where: str, path_prefix: tuple[str, str] | None, texts: dict[str, str]) -> PairEntry:
    """Entry of a list; ``texts`` has every path once."""
    key, value = next(iter(item.items())) if isinstance(item, dict) and len(item) == 1 else ('', None)
    if not _NUMBER.fullmatch(key) or not isinstance(value, list) or len(value) != 4 or \
            not all(isinstance(part, list) for part in value[:3]) or not value[2] or not isinstance(value[3], str):
        raise AnnotationError(explain(where, 'entries {number: [verbs, nouns, pictures, narration]}',
                                      f'{item!r}'[:200], _ADVICE))
    for ids in value[:2]:
        if not all(type(number) is int and -1 <= number < _MAX_ID for number in ids):
            raise AnnotationError(explain(f'{where} entry {key}', 'class ids, -1 for none', f'{ids!r}'[:80], _ADVICE))
    frames = []
    for picture in value[2]:
        name = picture[0] if isinstance(picture, list) and len(picture) == 1 else picture
        path = _rewritten(name, path_prefix) if isinstance(name, str) else None
        if path is None:
            raise AnnotationError(explain(
                f'{where} entry {key}', 'paths below the root of LEMMA' if path_prefix is None else
                f'paths below {path_prefix[0]!r}', f'{name!r}'[:200], 'Give path_prefix: the begin of the paths in the '
                'file, and what stands there instead.'))
        frames.append(texts.setdefault(path, path))
    return PairEntry(int(key), tuple(value[0]), tuple(value[1]), tuple(frames), value[3])


def _rewritten(name: str, path_prefix: tuple[str, str] | None) -> str | None:
    """Path with the other begin; None if it does not stay below it."""
    old, new = path_prefix or ('', '')
    rest = name[len(old):]
    if path_prefix is not None:
        rest = rest.lstrip('/')
    if not name.startswith(old) or not is_inside(rest):
        return None
    return f'{new.rstrip("/")}/{rest}' if new else rest


def write_semantic_pairs(path: str | os.PathLike, rows: Iterable[tuple[int, Mapping[str, Iterable[PairEntry]]]]) -> int:
    """Write a pair file of the official structure, row by row.

    Args:
        path (str | os.PathLike): The file; it is there whole or not at all.
        rows (Iterable[tuple[int, Mapping[str, Iterable[PairEntry]]]]): Row and its lists.

    Returns:
        int: Number of rows.

    Raises:
        OSError: If the folder cannot be written or the disk is full.
    """
    def members() -> Iterator[tuple[str, object]]:
        for row, lists in rows:
            yield str(row), {kind: [{str(entry.index): [list(entry.verbs), list(entry.nouns),
                                                        [[frame] for frame in entry.frames], entry.narration]}
                                    for entry in lists[kind]] for kind in KINDS}

    with open_whole(path) as stream:
        return write_members(stream, members())


def read_pair_choices(path: str | os.PathLike) -> dict[int, tuple[int, int]]:
    """Read the second official file, which names the entry whose narration fits best.

    Args:
        path (str | os.PathLike): Lines with commas: row, match type, ..., entry, and two fields behind it.

    Returns:
        dict[int, tuple[int, int]]: Row -> match type (:data:`MATCH_TYPES`, 0 for none) and place in the list (-1 for
        none).

    Raises:
        AnnotationError: If the file is missing or malformed; names the line.
    """
    choices: dict[int, tuple[int, int]] = {}
    for number, line in enumerate(read_text(path, AnnotationError, 'a list of choices').splitlines(), 1):
        fields = line.split(',')
        numbers = [fields[0], fields[1], fields[-3]] if len(fields) >= 4 else []
        if not numbers or not all(_NUMBER.fullmatch(text.strip()) for text in numbers[:2]) or \
                (int(numbers[1]) and not _NUMBER.fullmatch(numbers[2].strip())):
            raise AnnotationError(explain(f'{path} line {number}', 'row, match type, entry and more between commas',
                                          repr(line[:80]), 'Correct the line, or fetch the file again.'))
        row, kind = map(int, numbers[:2])
        if kind not in (UNMATCHED, *MATCH_TYPES.values()) or row in choices:
            raise AnnotationError(explain(f'{path} line {number}', 'each row once, with a match type from 0 to 4',
                                          f'row {row} with {kind}' if row not in choices else f'row {row} again',
                                          'Correct the line, or fetch the file again.'))
        choices[row] = (kind, int(numbers[2]) if kind else -1)
    return choices


def mine_pairs(queries: Sequence[tuple[int, int]], entries: Sequence[PairEntry],
               limit: int = 3) -> Iterator[dict[str, list[PairEntry]]]:
    """Find the entries that fit each query, by the official rule.

    An entry belongs to the first list whose rule holds: ``same``, its only verb and its only noun are those of the
    query; ``sub``, both are among its own; ``sub_verb``, only the verb is; ``sub_noun``, only the noun is. Queries
    with the same verb and noun are answered once.

    Args:
        queries (Sequence[tuple[int, int]]): Verb and noun of each row; a row without labels (-1) finds nothing.
        entries (Sequence[PairEntry]): In the order in which they are preferred.
        limit (int): Longest list.

    Yields:
        dict[str, list[PairEntry]]: Lists of the next query, by kind.
    """
    verbs, nouns = ({}, {})
    for found, part in ((verbs, 'verbs'), (nouns, 'nouns')):
        for place, entry in enumerate(entries):
            for number in set(getattr(entry, part)):
                found.setdefault(number, []).append(place)
    only_verb, only_noun = (np.array([len(set(getattr(entry, part))) == 1 for entry in entries], dtype=bool)
                            for part in ('verbs', 'nouns'))
    known: dict[tuple[int, int], dict[str, list[PairEntry]]] = {}
    for verb, noun in queries:
        if (verb, noun) not in known:
            has_verb, has_noun = (_mask(table.get(number, ()) if number >= 0 else (), len(entries))
                                  for table, number in ((verbs, verb), (nouns, noun)))
            both = has_verb & has_noun
            same = both & only_verb & only_noun
            masks = dict(same=same, sub=both & ~same, sub_verb=has_verb & ~has_noun, sub_noun=has_noun & ~has_verb)
            if min(verb, noun) < 0:
                masks = dict.fromkeys(KINDS, np.zeros(0, dtype=bool))
            known[verb, noun] = {kind: [entries[place] for place in np.flatnonzero(masks[kind])[:limit]]
                                 for kind in KINDS}
        yield known[verb, noun]


def _mask(places: Sequence[int], length: int) -> np.ndarray:
    mask = np.zeros(length, dtype=bool)
    mask[list(places)] = True
    return mask
