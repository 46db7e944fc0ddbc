"""Tables, class files, taxonomies and lists of action anticipation and planning."""

from collections.abc import Callable

from hostile.case import Case
from hostile.cases_annotation import PLACES
from hostile.files import bytes_file, flipped, truncated

from egoexo.errors import AnnotationError
from egoexo.formats.egoexolearn_anticipation import (
    read_action_list,
    read_action_table,
    read_class_ids,
    read_taxonomy,
)
from egoexo.formats.egoexolearn_planning import read_planning_list

HEADER = b'video_id,annotation_id,start_sec,end_sec,verb,noun,scenario\n'
ROW = b'u-1,A,1.0,2.0,"[0, 14]",[3],kitchen\n'
TABLE = HEADER + ROW * 40
LIST = b'u-1|1.0|2.0|[0, 14]\n' * 40
PLAN = b'u-1|58|[1, 2, 3, 4, 5, 6, 7, 8]\n' * 40
CODE = b"__import__('os').system('true')"


def _row(**fields: bytes) -> bytes:
    """A table whose second row has other fields."""
    row = dict(uid=b'u', name=b'A', start=b'1.0', end=b'2.0', verb=b'[0]', noun=b'[]', scenario=b'lab') | fields
    return HEADER + ROW + b','.join(row.values()) + b'\n'


#: Name -> (content, what the message shows).
TABLES: dict[str, tuple[bytes, str]] = {
    'code-for-a-list': (_row(verb=CODE), 'line 3: '),
    'code-quoted': (_row(verb=b'"' + CODE + b'"'), 'line 3: expected '),
    'list-of-a-megabyte': (_row(verb=b'"[' + b'1, ' * 30_000 + b'1]"'), r'line 3: .*characters \.\.\.\]'),
    'list-nested': (_row(verb=b'[' * 50_000 + b']' * 50_000), 'line 3: expected verb and noun'),
    'number-of-10000-digits': (_row(verb=b'[' + b'9' * 10_000 + b']'), 'line 3: expected verb and noun'),
    'other-digits': (_row(verb='[٣]'.encode('gb18030')), 'line 3: expected verb and noun'),
    'seconds-nan': (_row(start=b'nan'), 'line 3: expected start_sec and end_sec'),
    'seconds-infinite': (_row(end=b'1e999'), 'line 3: expected start_sec'),
    'seconds-negative': (_row(start=b'-1'), 'line 3: expected start_sec'),
    'uid-upwards': (_row(uid=b'../../etc/passwd'), r"line 3: expected a video uid in front, found '\.\./"),
    'uid-absolute': (_row(uid=b'/etc/passwd'), 'line 3: expected a video uid'),
    'uid-with-nul': (_row(uid=b'a\0b'), 'line 3: '),
    'uid-with-escapes': (_row(uid=b'a\x1b[2Jb'), r'line 3: .*\\x1b'),
    'field-of-a-megabyte': (_row(scenario=b'a' * 10**6), 'line 3: .*cannot be split'),
    'quote-never-closed': (HEADER + ROW + b'u,"A,1.0,2.0,[0],[],lab\n' + ROW * 5, 'line'),
    'line-break-in-a-field': (_row(name=b'"A\nB"'), 'line 3: expected 7 fields in one line'),
    'nul-bytes': (HEADER + bytes(100), 'line 2'), 'html': (b'<!DOCTYPE html>\n<html>', 'line 1: expected the columns'),
    'utf-16': (TABLE.decode().encode('utf-16'), 'expected'), 'binary': (bytes(range(256)), 'in gb18030, found byte 0x'),
    'header-alone': (HEADER, 'found its head line alone'), 'empty': (b'', 'an empty file'),
    'line-breaks': (b'\r\r\n\n', 'an empty file'),
}
LISTS: dict[str, tuple[bytes, str]] = {
    'code': (b'u|1.0|2.0|[' + CODE + b']', r'line 1: .*each once'),
    'code-without-brackets': (b'u|1.0|2.0|' + CODE, 'line 1'),
    'row-of-a-megabyte': (b'u|1.0|2.0|[' + b'1, ' * 300_000 + b'1]', r'characters \.\.\.\]'),
    'number-of-10000-digits': (b'u|1.0|2.0|[' + b'9' * 900 + b']', 'line 1: .*class ids from 0 to 30'),
    'class-negative': (b'u|1.0|2.0|[-1]', 'line 1: .*class ids from 0 to 30'),
    'class-too-large': (LIST + b'u|1.0|2.0|[31]', r'line 41: .*found the uid .u. and the classes \[31\]'),
    'class-twice': (b'u|1.0|2.0|[3, 3]', 'line 1: .*each once'),
    'uid-upwards': (b'../u|1.0|2.0|[1]', r"line 1: .*found the uid '\.\./u'"),
    'uid-with-escapes': (b'a\x1b[2Jb|1.0|2.0|[1]', r'line 1: .*\\x1b'),
    'uid-of-a-megabyte': (b'a' * 10**6 + b'|1.0|2.0|[1]', r'line 1: .*characters \.\.\.\]'),
    'seconds-nan': (b'u|nan|2.0|[1]', r'line 1: expected uid\|start\|end'),
    'seconds-of-10000-digits': (b'u|' + b'9' * 10_000 + b'|2.0|[1]', 'line 1: expected uid'),
    'more-bars': (b'u|1.0|2.0|[1]|x', 'line 1: expected uid'),
    'empty-line': (LIST + b'\n' + LIST, "line 41: .*found ''"),
    'nul-bytes': (LIST + bytes(100), 'line 41'),
    'utf-16': (LIST.decode().encode('utf-16'), 'in utf-8, found byte 0xff'),
    'empty': (b'', 'an empty file'), 'gigantic-line-breaks': (b'\n' * 10**6, 'an empty file'),
}
PLANS: dict[str, tuple[bytes, str]] = {
    'code': (b'u|58|[' + CODE + b']', 'line 1'),
    'seven-steps': (b'u|58|[1, 2, 3, 4, 5, 6, 7]', 'line 1: .*8 class ids'),
    'nine-steps': (b'u|58|[1, 2, 3, 4, 5, 6, 7, 8, 9]', 'line 1: .*8 class ids'),
    'class-too-large': (PLAN + b'u|58|[1, 2, 3, 4, 5, 6, 7, 27]', 'line 41: .*8 class ids from 0 to 26'),
    'class-a-fraction': (b'u|58|[1, 2, 3, 4, 5, 6, 7, 8.5]', 'line 1: .*8 class ids'),
    'uid-upwards': (b'..|58|[1, 2, 3, 4, 5, 6, 7, 8]', r"line 1: .*found the uid '\.\.'"),
    'seconds-negative': (b'u|-58|[1, 2, 3, 4, 5, 6, 7, 8]', r'line 1: expected uid\|end'),
    'an-action-list': (LIST, r'line 1: expected uid\|end'), 'binary': (bytes(range(256)), 'in utf-8, found byte 0x80'),
}
CLASS_FILES: dict[str, tuple[bytes, str]] = {
    'twice': (b'1\n2\n1', 'already in line 1'), 'words': (b'cut\nmix', "line 1: .*found 'cut'"),
    'number-of-10000-digits': (b'9' * 10_000, 'line 1: expected a taxonomy id'), 'empty': (b'\n', 'an empty file'),
    'other-digits': ('٣'.encode(), 'line 1: expected a taxonomy id'), 'escapes': (b'1\n\x1b[2J', r'line 2: .*\\x1b'),
}
TAXONOMIES: dict[str, tuple[bytes, str]] = {
    'other-columns': (b'a,b,c\n', 'line 1: expected the columns label,group'), 'empty': (b'', 'an empty file'),
    'label-missing': (b'label,group\na,[]\n,[]', 'line 3: expected the columns'),
    'field-of-a-megabyte': (b'label,group\n' + b'a' * 10**6 + b',[]', 'cannot be split'),
    'quote-never-closed': (b'label,group\n"a,[]\n', 'a line that cannot be split'),
    'binary': (bytes(range(256)), 'in utf-8, found byte 0x80'),
}
READERS: dict[str, tuple[str, Callable, dict]] = {
    'action-table': ('ego_val_valid.csv', read_action_table, TABLES),
    'action-list': ('list_ego_val.txt', lambda path: read_action_list(path, 31), LISTS),
    'plan': ('val_ego_anno_list.txt', read_planning_list, PLANS),
    'class-ids': ('valid_nouns.txt', read_class_ids, CLASS_FILES),
    'taxonomy': ('narration_noun_taxonomy.csv', read_taxonomy, TAXONOMIES),
}
#: Sound files, for damage at random places.
SOUND = {'action-table': TABLE, 'action-list': LIST, 'plan': PLAN}


def _are_sound(rows: object) -> None:
    assert rows
    assert all('/' not in row.uid and '..' not in row.uid for row in rows)
    assert all(label >= 0 for row in rows for label in getattr(row, 'labels', ()))


def _sound(name: str) -> Callable[[], bytes]:
    return lambda: SOUND[name]


CASES = [
    *(Case(f'{name}-{key}', 'annotation', bytes_file(file, content), read, AnnotationError, (found,))
      for name, (file, read, table) in READERS.items() for key, (content, found) in table.items()),
    *(Case(f'{name}-{key}', 'link', make, read, AnnotationError, (found,))
      for name, (_, read, _) in READERS.items() for key, (make, found) in PLACES.items()),
    *(Case(f'{name}-flipped-{seed}', 'annotation', flipped(READERS[name][0], _sound(name), seed, 2), READERS[name][1],
           AnnotationError, check=_are_sound, may_load=True) for name in SOUND for seed in range(6)),
    *(Case(f'{name}-cut-{share:.2f}', 'annotation', truncated(READERS[name][0], _sound(name), share), READERS[name][1],
           AnnotationError, check=_are_sound, may_load=True) for name in SOUND for share in (0.31, 0.777)),
]
