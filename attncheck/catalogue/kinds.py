"""What a claim kind says of itself: its page, and each parameter's meaning, type and default.

The page alone is read from the source: importing a probe costs more.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import inspect as types

from attncheck.data.meanings import field_meanings
from attncheck.probes import all_kinds, find_kind
from attncheck.subject.claim import Claim

_WORDS: dict[type, str] = {
    types.StrType: "text",
    types.IntType: "whole number",
    types.FloatType: "number",
    types.BoolType: "true or false",
    types.NoneType: "nothing",
    types.AnyType: "anything",
}

_PROBES = Path(__file__).parents[1] / "probes"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a claim kind, as a spec writes it."""

    name: str
    type: str
    default: str
    meaning: str
    common: bool
    """Whether every claim kind has it."""


def summary(kind: type[Claim]) -> str:
    """Return the first sentence of the kind's page."""
    first = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0]
    return " ".join(first.split())


def limits() -> list[str]:
    """Return the names of the limits of use that any claim kind speaks of, sorted."""
    kinds = [find_kind(name) for name in all_kinds()]
    return sorted({kind.limit for kind in kinds if kind is not None and kind.limit})


def chapters(kind: type[Claim]) -> Iterator[tuple[str, list[str]]]:
    """Yield the page's headings with their paragraphs; the first heading is empty."""
    heading, paragraphs = "", list[str]()
    for block in inspect.cleandoc(kind.__doc__ or "").split("\n\n"):
        lines = block.strip().splitlines()
        if lines and lines[0].startswith("## "):
            yield heading, paragraphs
            heading, paragraphs, lines = lines[0][3:].strip(), [], lines[1:]
        if lines:
            paragraphs.append("\n".join(lines) if _is_code(lines) else " ".join(lines))
    yield heading, paragraphs


def _is_code(lines: list[str]) -> bool:
    """Say whether the lines must keep their breaks: code, or a list."""
    return any(line.startswith(("    ", "- ", "| ", "* ")) for line in lines)


def parameters(kind: type[Claim]) -> list[Parameter]:
    """Return the parameters, the kind's own first."""
    info = types.type_info(kind)
    assert isinstance(info, types.StructType)
    meanings = field_meanings(kind)
    common = set(Claim.__struct_fields__)
    found = [
        Parameter(
            name=field.encode_name,
            type=_in_words(field.type),
            default=_default(field),
            meaning=meanings.get(field.name, ""),
            common=field.name in common,
        )
        for field in info.fields
    ]
    return sorted(found, key=lambda parameter: parameter.common)


def _in_words(of: types.Type) -> str:
    match of:
        case types.UnionType(types=parts):
            return " or ".join(_in_words(part) for part in parts)
        case types.ListType(item_type=item) | types.VarTupleType(item_type=item):
            return f"list of {_in_words(item)}"
        case types.TupleType(item_types=items):
            return f"[{', '.join(_in_words(item) for item in items)}]"
        case types.DictType(value_type=value):
            return f"table of {_in_words(value)}"
        case types.LiteralType(values=values):
            return " or ".join(f'"{value}"' for value in values)
        case types.Metadata(type=inner):
            return _in_words(inner)
    return _WORDS.get(type(of), type(of).__name__)


def _default(field: types.Field) -> str:
    if field.required:
        return "required"
    value = field.default
    if value is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    return in_toml(value) if value not in ("", None, [], (), {}) else "–"


def in_toml(value: object) -> str:
    """Return a value as a spec writes it on one line."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case list() | tuple():
            return f"[{', '.join(in_toml(one) for one in value)}]"
        case dict():
            pairs = ", ".join(f"{name} = {in_toml(one)}" for name, one in value.items())
            return f"{{ {pairs} }}"
    return str(value)


def claim_page(kind: str) -> str:
    """Return the page of a claim kind as Markdown; "" where its plugin is not installed here."""
    if not re.fullmatch("[a-z][a-z0-9-]*", kind):
        return ""  # a report may name any; a file that we do not have is not looked for
    file = _PROBES / f"{kind.replace('-', '_')}.py"
    page = _of_source(file) or _of_class(kind)
    return page.replace("``", "`")


def _of_source(file: Path) -> str:
    """Return the docstring of the class in the file that names its ``kind``, "" without one."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _names_a_kind(node):
            return ast.get_docstring(node) or ""
    return ""


def _names_a_kind(node: ast.ClassDef) -> bool:
    return any(
        isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and line.target.id == "kind"
        for line in node.body
    )


def _of_class(kind: str) -> str:
    from attncheck.probes import find_kind

    found = find_kind(kind)
    return inspect.cleandoc(found.__doc__ or "") if found else ""
