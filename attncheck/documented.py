"""What a claim kind says of itself: its page, and each parameter's meaning, type and default."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from msgspec import inspect as types

from attncheck.claim import Claim

_WORDS: dict[type, str] = {
    types.StrType: "text",
    types.IntType: "whole number",
    types.FloatType: "number",
    types.BoolType: "true or false",
    types.NoneType: "nothing",
    types.AnyType: "anything",
}


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


def field_meanings(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return field -> the text that stands below it in the class's source."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if not issubclass(base, msgspec.Struct) or base is msgspec.Struct:
            continue
        try:
            source = textwrap.dedent(inspect.getsource(base))
        except (OSError, TypeError):
            continue
        body = ast.parse(source).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            match field, text:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(said))),
                ):
                    found[name] = " ".join(said.split())
    return found


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
