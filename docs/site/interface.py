"""The page of the Python interface, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import msgspec

import attncheck
from attncheck.data.meanings import field_meanings
from docs.site.markdown import plain, table

_SECTION = re.compile(r"^(Args|Attributes|Raises|Returns):$")
_HEADINGS = {"Args": "Arguments", "Attributes": "Fields"}
_ENTRY = re.compile(r"^ {4}(\w[\w, ]*): (.*)$")


def interface_page() -> str:
    """Return everything that ``import attncheck`` offers, functions first, as Markdown."""
    found = {name: getattr(attncheck, name) for name in sorted(attncheck.__all__, key=str.lower)}
    groups: dict[str, list[str]] = {"Functions": [], "Reports": [], "Errors": []}
    for name, thing in found.items():
        groups[_group(thing)].append(_described(name, thing))
    parts = ["# From Python { #top }", _intro()]
    for heading, described in groups.items():
        parts += [f"## {heading}", *described]
    return "\n\n".join(parts) + "\n"


def _group(thing: Any) -> str:
    if inspect.isfunction(thing):
        return "Functions"
    return "Errors" if issubclass(thing, Exception) else "Reports"


def _intro() -> str:
    import attncheck.api

    first, *rest = inspect.cleandoc(attncheck.api.__doc__ or "").split("\n\n")
    return "\n\n".join(
        [first.partition(": ")[2].capitalize(), *(p.replace("``", "`") for p in rest)]
    )


def _described(name: str, thing: Any) -> str:
    parts = [f"### {name}"]
    if inspect.isfunction(thing):
        parts.append(f"```python\n{_signature(name, thing)}\n```")
    parts += list(_text(inspect.getdoc(thing) or ""))
    if inspect.isclass(thing):
        parts.append(table(["", ""], [*_fields(thing), *_members(thing)]))
        if hasattr(thing, "__members__"):
            parts.append("One of " + ", ".join(f"`{one.value}`" for one in thing) + ".")
    return "\n\n".join(part for part in parts if part)


def _fields(thing: Any) -> Iterator[list[str]]:
    """Yield the fields of a structure that its docstring's own list leaves out."""
    if issubclass(thing, msgspec.Struct) and "Attributes:" not in (thing.__doc__ or ""):
        meanings = field_meanings(thing)
        for name in thing.__struct_fields__:
            yield [f"`{name}`", plain(_role(meanings.get(name, "")))]


def _members(thing: Any) -> Iterator[list[str]]:
    for name, member in vars(thing).items():
        called = inspect.isfunction(member)
        if not name.startswith("_") and (called or isinstance(member, property)):
            said = (inspect.getdoc(member) or "").split("\n\n")[0]
            yield [f"`{name}{'()' if called else ''}`", plain(_role(said))]


def _signature(name: str, function: Any) -> str:
    """Return a signature with one parameter a line."""
    lines: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not any("*" in line for line in lines):
            lines.append("    *,")
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        lines.append(f"    {star}{parameter.name}: {parameter.annotation}{default},")
    returned = inspect.signature(function).return_annotation
    return "\n".join([f"{name}(", *lines, f") -> {returned}"])


def _text(said: str) -> Iterator[str]:
    """Yield a docstring's paragraphs; the entries of its sections as tables."""
    for block in said.split("\n\n"):
        lines = block.splitlines()
        if lines and (heading := _SECTION.match(lines[0])):
            yield f"**{_HEADINGS.get(heading[1], heading[1])}**"
            yield _entries(lines[1:])
        else:
            yield _role(" ".join(lines))


def _entries(lines: list[str]) -> str:
    rows: list[list[str]] = []
    for line in lines:
        if entry := _ENTRY.match(line):
            names = ", ".join(f"`{name.strip()}`" for name in entry[1].split(","))
            rows.append([names, entry[2]])
        elif rows:
            rows[-1][1] += f" {line.strip()}"
        else:
            rows.append(["", line.strip()])
    return table(["", ""], [[name, plain(_role(said))] for name, said in rows])


def _role(said: str) -> str:
    return re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", said).replace("``", "`")
