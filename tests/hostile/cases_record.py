"""What the tools write and read again (commands, scores, predictions, zoo list) and the model index, damaged."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
from hostile.case import CANARY_VARIABLE, Case
from hostile.files import Make, bytes_file, fifo, link_loop

from egoexo.apis.model_card import load_cards
from egoexo.apis.run_record import write_command
from egoexo.apis.zoo_index import read_zoo
from egoexo.errors import CheckpointError, ConfigError
from egoexo.visualization.report_run import Run, read_run

CASES: list[Case] = []
DEEP = b'[' * 200_000
GADGET = f'!!python/object/apply:os.system ["export {CANARY_VARIABLE}=1; touch canary"]'
#: Nine levels of nine references each: 387 million words when written out.
LAUGHS = 'a0: &a0 [ha]\n' + ''.join(f'a{i}: &a{i} [{", ".join([f"*a{i - 1}"] * 9)}]\n' for i in range(1, 10))


def begins_anew(path: Path) -> list[dict]:
    """Note a command in a folder whose record is damaged; the commit is left out, since git is a foreign program."""
    with mock.patch('egoexo.apis.run_record._commit', return_value=''):
        write_command(path.parent, 'train', ['config.py'])
    return json.loads(path.read_text())


def is_one_entry(entries: object) -> None:
    assert [entry['tool'] for entry in entries] == ['train'], entries


def names_damage(word: str) -> Callable[[Run], None]:
    """Check that a run's reader went on and said what is damaged."""
    def check(run: Run) -> None:
        assert any(word in sentence for sentence in run.damaged), run.damaged
        assert run.predictions is None and not run.metrics and not run.commands, run
    return check


def in_folder(make: Make, more: dict[str, str] | None = None) -> Make:
    """Make a file and others beside it."""
    def write(folder: Path) -> Path:
        for name, content in (more or {}).items():
            (folder / name).write_text(content)
        return make(folder)
    return write


def zero_bomb(folder: Path) -> bytes:
    """Write 4 GB of zeros into 4 MB."""
    header, buffer = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(header, dict(shape=(2**29,), fortran_order=False, descr='<i8'))
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as archive, archive.open('ego_val/a.npy', 'w') as member:
        member.write(header.getvalue())
        for _ in range(64):
            member.write(bytes(2**20))
    return buffer.getvalue()


def object_array(folder: Path) -> bytes:
    """Pickle an object into an array."""
    buffer = io.BytesIO()
    np.savez(buffer, **{'ego_val/a': np.array([Path('x')], dtype=object)})
    return buffer.getvalue()


def metafile(models: str) -> Make:
    """Write an index whose only metafile holds these models, and a config for them."""
    return in_folder(bytes_file('metafile.yml', f'Collections:\n  - Name: C\nModels: {models}\n'.encode()),
                     {'model-index.yml': 'Import: [metafile.yml]\n', 'a.py': ''})


def cards_beside(path: Path) -> object:
    """Read the index in the folder of a metafile."""
    return load_cards(path.with_name('model-index.yml'))


RECORDS = {'deep': DEEP, 'binary': b'\x80\x04\x95\xff', 'half': b'[{"tool": "tra', 'no-list': b'{"a": 1}',
           'no-entries': b'[1, 2]', 'nan': b'[{"seed": NaN}]', 'empty': b''}
CASES += [Case(f'command-{key}', 'record', bytes_file('command.json', data), begins_anew, check=is_one_entry)
          for key, data in RECORDS.items()]

RUNS: dict[str, tuple[Make, str]] = {
    'scores-deep': (bytes_file('scalars.json', DEEP), 'scalars.json'),
    'scores-list': (bytes_file('scalars.json', b'[]'), 'scalars.json'),
    'commands-deep': (bytes_file('command.json', DEEP), 'command.json'),
    'inputs-deep': (bytes_file('inputs.json', DEEP), 'inputs.json'),
    'predictions-bomb': (bytes_file('predictions.npz', zero_bomb), 'predictions.npz'),
    'predictions-objects': (bytes_file('predictions.npz', object_array), 'predictions.npz'),
    'predictions-text': (bytes_file('predictions.npz', b'no archive'), 'predictions.npz'),
}
CASES += [Case(f'run-{key}', 'record', make, lambda path: read_run(path.parent), check=names_damage(word))
          for key, (make, word) in RUNS.items()]

ZOO = {'deep': (DEEP, 'nested'), 'list': (b'[]', 'something else'), 'half': (b'{"models"', 'not valid JSON'),
       'outside': (b'{"models": {"a": {"file": "../a.pth", "sha256": "x"}}}', 'something else'),
       'absolute': (b'{"models": {"a": {"file": "/etc/passwd", "sha256": "x"}}}', 'something else'),
       'twice': (b'{"models": {"a": 1, "a": 2}}', "the key 'a' twice")}
CASES += [Case(f'zoo-{key}', 'record', bytes_file('zoo.json', data), lambda path: read_zoo(path.parent),
               CheckpointError, (text,)) for key, (data, text) in ZOO.items()]
CASES += [Case('zoo-pipe', 'record', fifo('zoo.json'), lambda path: read_zoo(path.parent), CheckpointError,
               ('a named pipe',))]

INDEX = {
    'gadget': (f'Import: {GADGET}', 'could not determine a constructor'),
    'outside': ('Import: [../x.yml]', 'below'), 'absolute': ('Import: [/etc/passwd]', 'below'),
    'laughs': (f'{LAUGHS}Import: *a9', 'a list of str'), 'deep': ('Import: ' + 5000 * '[', 'nested a thousand deep'),
    'text': ('just words', 'a mapping, found str'), 'tab': ('Import:\n\t- a', 'valid YAML'),
    'number': ('Import: 3', 'a list of str'),
}
CASES += [Case(f'index-{key}', 'record', bytes_file('model-index.yml', text.encode()), load_cards, ConfigError,
               (found,)) for key, (text, found) in INDEX.items()]
CASES += [Case('index-loop', 'record', link_loop('model-index.yml'), load_cards, ConfigError, ('cannot be followed',))]

MODELS = {
    'gadget': (f'[{{Name: {GADGET}}}]', 'could not determine a constructor'),
    'laughs': (f'[{{Name: a, Results: *a9}}]\n{LAUGHS}', 'valid YAML'),
    'nan': ("[{Name: a, In Collection: C, Config: a.py, Results: [{Task: t, Dataset: d, Metrics: {F1: .nan}}]}]",
            'numbers by name'),
    'config-outside': ("[{Name: a, In Collection: C, Config: ../../etc/passwd}]", 'a Config that exists'),
    'config-absolute': ("[{Name: a, In Collection: C, Config: /etc/passwd}]", 'a Config that exists'),
    'twice': ("[{Name: a, In Collection: C, Config: a.py}, {Name: a, In Collection: C, Config: a.py}]", 'a twice'),
    'no-collection': ("[{Name: a, In Collection: D, Config: a.py}]", 'In Collection among C'),
    'list-as-collection': ("[{Name: a, In Collection: [C], Config: a.py}]", 'In Collection among C'),
    'sha-of-another-length': ("[{Name: a, In Collection: C, Config: a.py, Weights: {URL: 'https://x.org/a.pth', "
                              "SHA256: abc}}]", '64'),
}
CASES += [Case(f'card-{key}', 'record', metafile(text), cards_beside, ConfigError, (found,))
          for key, (text, found) in MODELS.items()]
