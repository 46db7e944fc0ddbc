"""Collects the texts of raised errors from source code, without running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ['Raised', 'raised_texts']

_UNKNOWN = 'x'  # stands for what is only known at run time


@dataclass(frozen=True)
class Raised:
    """One ``raise`` of an error of ours.

    Args:
        path (Path): Source file.
        line (int): Of the ``raise``.
        text (str | None): Message with ``x`` for each value, None when it is made elsewhere.
        source (str): The statement.
    """

    path: Path
    line: int
    text: str | None
    source: str


class _Texts:
    """Turns expressions of one function into text.

    Args:
        module (ast.Module): For constants of the module.
        function (ast.AST): For names that are assigned once in the function.
    """

    def __init__(self, module: ast.Module, function: ast.AST) -> None:
        self.assigned: dict[str, list[ast.expr]] = {}
        for nodes in (module.body, ast.walk(function)):
            for node in nodes:
                if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                    self.assigned.setdefault(node.targets[0].id, []).append(node.value)

    def of(self, node: ast.expr) -> str | None:
        """Text of an expression; None when it is no string that is written here."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.JoinedStr):
            return ''.join(part.value if isinstance(part, ast.Constant) else self._value(part.value)
                           for part in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts = [self.of(node.left), self.of(node.right)]
            return ''.join(part or _UNKNOWN for part in parts) if any(parts) else None
        if isinstance(node, ast.IfExp):
            return self.of(node.orelse) or self.of(node.body)
        if isinstance(node, ast.Name) and len(self.assigned.get(node.id, ())) == 1:
            return self.of(self.assigned[node.id][0])
        if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'explain':
            return self._explained(node)
        return None

    def _value(self, node: ast.expr) -> str:
        return (self.of(node) if isinstance(node, ast.Name) else None) or _UNKNOWN

    def _explained(self, node: ast.Call) -> str | None:
        arguments = dict(zip(('where', 'expected', 'found', 'advice'), node.args, strict=False))
        arguments |= {keyword.arg: keyword.value for keyword in node.keywords}
        parts = {name: self.of(value) or _UNKNOWN for name, value in arguments.items()}
        return f"{parts['where']}: expected {parts['expected']}, found {parts['found']}. {parts['advice']}"


def raised_texts(path: Path, errors: set[str]) -> Iterator[Raised]:
    """All errors of ours that a file raises.

    Args:
        path (Path): Source file.
        errors (set[str]): Names of their classes; a name in lower case that ends in ``error``, as of an argument that
            holds the class, counts as well.

    Yields:
        Raised: In the order of the file.
    """
    source = path.read_text(encoding='utf-8')
    module = ast.parse(source)
    owner = {child: node for node in ast.walk(module) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(module):
        if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call) or not node.exc.args:
            continue
        name = ast.unparse(node.exc.func)
        if name not in errors and not name.islower():
            continue
        function: ast.AST = node
        while function in owner and not isinstance(function, ast.FunctionDef):
            function = owner[function]
        yield Raised(path, node.lineno, _Texts(module, function).of(node.exc.args[0]), ast.unparse(node))
