"""A reference's steps as equations, what each learned tensor is, and what each word means."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

from attncheck.mutation.definition import Definition
from attncheck.reference.mechanism import Mechanism
from attncheck.reference.slots import Slot
from docs.site.mathematics import Writer, math, norm_name, text

_KINDS = {
    "linear": "matrix",
    "conv": "convolution",
    "tensor": "tensor",
    "buffer": "tensor, drawn once and never learned",
}


@dataclass(frozen=True)
class Row:
    """One line of a definition: how deep it stands in branches, its mathematics, a remark."""

    depth: int
    drawn: str
    remark: str = ""


def equations(mechanism: Mechanism) -> str:
    """Return the definition's steps as a table of MathML, as HTML."""
    definition = Definition(mechanism)
    lines = [
        f'<tr><td style="--depth:{row.depth}">{row.drawn}</td><td>{escape(row.remark)}</td></tr>'
        for row in _rows(definition, Writer(mechanism.slots), definition.tree.body, 0)
    ]
    return f'<div class="wide"><table class="equations">\n{chr(10).join(lines)}\n</table></div>'


def _rows(
    definition: Definition, writer: Writer, body: list[ast.stmt], depth: int
) -> Iterator[Row]:
    for statement in body:
        remark = _remark(definition, statement)
        match statement:
            case ast.Assign(targets=[target], value=value):
                drawn = f"{writer.drawn(target)}<mo>=</mo>{writer.drawn(value)}"
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                drawn = f"{writer.drawn(target)}<mo>=</mo>{writer.drawn(value)}"
            case ast.Return(value=ast.expr() as value):
                drawn = f"{text('return ')}{writer.drawn(value)}"
            case ast.If(test=test, body=inner, orelse=other):
                yield Row(depth, math(f"{text('if ')}{writer.drawn(test)}{text(':')}"))
                yield from _rows(definition, writer, inner, depth + 1)
                if other:
                    yield Row(depth, math(text("otherwise:")))
                    yield from _rows(definition, writer, other, depth + 1)
                continue
            case ast.For(target=target, iter=over, body=inner):
                said = f"{text('for each ')}{writer.drawn(target)}{text(' of ')}"
                yield Row(depth, math(f"{said}{writer.drawn(over)}{text(':')}"))
                yield from _rows(definition, writer, inner, depth + 1)
                continue
            case _:
                drawn = text(ast.unparse(statement))
        yield Row(depth, math(drawn), remark)


def _remark(definition: Definition, statement: ast.stmt) -> str:
    """Return the comment that ends the statement's last line in its file."""
    last = getattr(statement, "end_lineno", None) or statement.lineno
    found = _comments(definition.path).get(definition.first_line + last - 1, "")
    return re.sub(r"->", "→", found)


@lru_cache(maxsize=256)
def _comments(path: str) -> dict[int, str]:
    source = Path(path).read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokens
        if token.type == tokenize.COMMENT and "type:" not in token.string
    }


def learned(mechanism: Mechanism) -> list[list[str]]:
    """Return name, kind, size and condition of every learned tensor."""
    return [
        [f"`{name}`", _kind(slot), _size(slot), _condition(slot)]
        for name, slot in mechanism.slots.items()
    ]


def _kind(slot: Slot) -> str:
    return norm_name(slot) if slot.kind == "norm" else _KINDS[slot.kind]


def _size(slot: Slot) -> str:
    sign = " → " if slot.kind in ("linear", "conv") else " × "
    settings = [f"{name} {value}" for name, value in slot.settings if name not in ("rank", "rms")]
    return ", ".join([f"`{sign.join(slot.sizes)}`", *settings])


def _condition(slot: Slot) -> str:
    said = [f"where `{slot.when}`"] if slot.when else []
    if slot.kind in ("linear", "conv"):
        plain = {True: "with a bias", False: "no bias"}
        said.append(plain.get(slot.bias) or f"bias where `{slot.bias}`")  # type: ignore[call-overload]
    if slot.start is not None:
        said.append(f"begins at {slot.start:g}")
    return ", ".join(said)


def glossary(mechanism: Mechanism) -> list[list[str]]:
    """Return every step that the definition calls, with what it says of itself."""
    definition = Definition(mechanism)
    known = mechanism.function.__globals__
    found: dict[str, str] = {}
    for statement in definition.statements():
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                step = known.get(node.func.id)
                if getattr(step, "__module__", "").startswith("attncheck.") and step.__doc__:
                    first = " ".join(inspect.cleandoc(step.__doc__).split("\n\n")[0].split())
                    found.setdefault(node.func.id, first)
    return [[f"`{name}`", _plain(said)] for name, said in found.items()]


def _plain(said: str) -> str:
    """Return a docstring's sentence as Markdown: roles as code, arrows, no Markdown of its own."""
    said = re.sub(r":\w+:`([^`]*)`", r"``\1``", said).replace("->", "→").replace("``", "`")
    return re.sub(r"([*_|<])(?![^`]*`)", r"\\\1", said)
