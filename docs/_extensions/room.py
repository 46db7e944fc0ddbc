"""The directive ``room``: the reference of every public module of a package on one page."""

import importlib
import pkgutil
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def public_modules(name: str) -> Iterator[str]:
    """A module or, of a package, the package and all modules below it whose names have no leading underscore."""
    yield name
    for _, below, _ in pkgutil.iter_modules(getattr(importlib.import_module(name), '__path__', ())):
        if not below.startswith('_'):
            yield from public_modules(f'{name}.{below}')


class Room(SphinxDirective):
    """One section per module, in which autodoc puts its docstring and its public members.

    A new module appears by itself: no list of modules is kept anywhere. Packages only re-export, so their members are
    shown where they are defined.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Nodes of all modules named by the content, one package or module a line."""
        lines = []
        for module in (module for name in self.content for module in public_modules(name)):
            is_package = hasattr(importlib.import_module(module), '__path__')
            lines += [module, '-' * len(module), f'.. automodule:: {module}']
            lines += ['   :no-members:', ''] if is_package else ['']
        return self.parse_text_to_nodes('\n'.join(lines), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive('room', Room)
    return {'parallel_read_safe': True}
