"""Follows a page of the documentation literally: writes its captioned files, runs its bash blocks.

Steps of a page are fenced blocks, taken in order:

* A ``bash`` block is run by a shell of its own, with ``-euo pipefail``, so nothing that it exports or changes into
  reaches the next one. A block whose first line is ``# not run here`` is skipped: downloads, GPUs.
* A ``{code-block}`` with the option line ``:caption: path/of/file.py`` is written to that path.

Other blocks, such as output or Python to read, are no steps.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from markdown_it import MarkdownIt
from tests_support import REPO

SKIP = '# not run here'
LINKS = ('tools', 'configs')


def follow(page: Path, folder: Path, replace: Mapping[str, str] | None = None) -> list[str]:
    """Run the steps of a page in a folder.

    Args:
        page (Path): Markdown page.
        folder (Path): Existing folder; gets links to ``tools`` and ``configs`` of the repository.
        replace (Mapping[str, str], optional): Text to put in place of other text in every step, e.g. a path. A text
            that no step holds is refused, so that no replacement outlives its page.

    Returns:
        list[str]: Output of every bash block that ran, errors included.

    Raises:
        AssertionError: If a block fails, with the block and its output; if a path leaves the folder; if the page has
            no bash block; if a replacement is idle.
    """
    for name in LINKS:
        if not (folder / name).exists():
            (folder / name).symlink_to(REPO / name)
    outputs, idle = [], set(replace or {})
    for caption, text in steps(page):
        for old, new in (replace or {}).items():
            if old in text:
                idle.discard(old)
                text = text.replace(old, new)
        if caption:
            write(folder, caption, text)
        else:
            outputs.append(run(folder, text))
    assert outputs, f'{page.name} has no bash block to run'
    assert not idle, f'{page.name}: nothing to replace for {sorted(idle)}'
    return outputs


def steps(page: Path) -> Iterator[tuple[str, str]]:
    """Caption and text of every step, the caption empty for a bash block."""
    for token in MarkdownIt('commonmark').parse(page.read_text(encoding='utf-8')):
        if token.type != 'fence':
            continue
        if token.info.strip() == 'bash' and not token.content.startswith(SKIP):
            yield '', token.content
        elif token.info.startswith('{code-block}'):
            options = re.match(r'(?::[\w-]+:.*\n)*', token.content)[0]
            caption = re.search(r'^:caption:\s*(\S+)\s*$', options, flags=re.MULTILINE)
            if caption:
                yield caption[1], token.content[len(options):].removeprefix('\n')


def write(folder: Path, caption: str, text: str) -> None:
    """Write one file of the page; neither ``..`` nor a link may lead out of the folder."""
    path = folder / caption
    assert path.resolve().is_relative_to(folder.resolve()), f'the caption {caption} leaves the folder of the page'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding='utf-8')


def run(folder: Path, block: str) -> str:
    """Output of a bash block, as a reader of the page would get it in an environment of their own."""
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    environment['PATH'] = f'{Path(sys.executable).parent}{os.pathsep}{environment["PATH"]}'
    done = subprocess.run(['bash', '-euo', 'pipefail', '-c', block], cwd=folder, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, f'exit code {done.returncode} of\n{block}\n{done.stdout}'
    return done.stdout
