"""What is known about one gap of a package that we build on."""

import dataclasses
import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

__all__ = ['Bridge']


@dataclasses.dataclass(frozen=True)
class Bridge:
    """One row of :data:`egoexo.compat.BRIDGES`.

    Args:
        apply (Callable): Bridges the gap; the first line of its docstring tells what the gap is.
        package (str): Distribution that has the gap.
        reference (str): Where upstream it is reported or can be read.
        file (str): File of the installed package that shows it.
        pattern (str | None): Regular expression found in the file while the gap is open; None when the gap is that
            the file is absent.
    """

    apply: Callable[[], None]
    package: str
    reference: str
    file: str
    pattern: str | None

    def state(self) -> str:
        """``'bridged'``, ``'closed'`` upstream, or ``'absent'`` package; read from the files, nothing is imported."""
        top, _, rest = self.file.partition('/')
        spec = importlib.util.find_spec(top)
        if spec is None or not spec.origin:
            return 'absent'
        path = Path(spec.origin).parent / rest
        if self.pattern is None:
            return 'closed' if path.exists() else 'bridged'
        text = path.read_text(encoding='utf-8') if path.is_file() else ''
        return 'bridged' if re.search(self.pattern, text, re.DOTALL) else 'closed'
