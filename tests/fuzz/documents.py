"""Specs as strangers may write them: shipped ones with something changed."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from attncheck.spec.shelf import specs_folder

BOMB = "(" * 12 + "9" + "**16)" * 12
ODD: tuple[Any, ...] = (
    *(7, -1, 0, 2**63, 10**30, True, 1.5, float("nan"), float("inf"), "", [], {}, [[]], [{}]),
    *("9" * 400, "C" * 5000, BOMB, "C // 0", "C ** C ** C", "(" * 5000, "-" * 1900 + "C", "\0"),
    *(
        "~nosuchuser/x.py:A",
        "../../../etc/passwd",
        "x.py:",
        ":",
        "os:system",
        "a b c",
        "*",
        "%s{0}",
    ),
    *("H H", "B C H W", "window 9**9", "block C from C around C", "row + " * 200, "…✗", "\ud7ff"),
    *({"x": "B C"}, {"": ""}, ["B", 3], {"a": {"a": {"a": {}}}}, [1] * 1000, "x" * 100_000),
)
BYTES = (b"\xff", b"\0", b"\xef\xbb\xbf", b"[", b"]" * 3, b'"""', b"=", b"\n[a]\n", b"." * 50)
TEXTS = (
    *("a" + ".a" * 20_000 + " = 1\n", "a = " + "[" * 5000 + "]" * 5000, "a = " + "1" * 5000),
    *("a = {b = " * 3000, "[" + "a." * 5000 + "a]\n", "a = 2020-02-31\n", "a = 1e999\n"),
    *("".join(f"n{i} = 1\n" for i in range(20_000)), "#" * 2**19, '"' * 10_000),
)


@lru_cache(maxsize=1)
def shipped() -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return text and content of every shipped spec."""
    import tomllib

    texts = [path.read_text(encoding="utf-8") for path in sorted(specs_folder().glob("*.toml"))]
    return tuple((text, tomllib.loads(text)) for text in texts)


def toml(value: Any) -> str:
    """Return a value as TOML writes it inside of a line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def places(node: Any) -> list[list[Any]]:
    """Return the keys to every value in a document."""
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    found: list[list[Any]] = []
    for key, value in inner:
        found.append([key])
        if isinstance(value, (dict, list)):
            found += [[key, *rest] for rest in places(value)]
    return found


def changed(node: Any, place: list[Any], how: str, value: Any) -> Any:
    """Return a document with one value replaced, removed, renamed, wrapped or doubled."""
    key, *rest = place
    copy = dict(node) if isinstance(node, dict) else list(node)
    if rest:
        copy[key] = changed(copy[key], rest, how, value)
    elif how == "remove":
        del copy[key]
    elif how == "rename" and isinstance(copy, dict):
        copy[value if isinstance(value, str) else "kind"] = copy.pop(key)
    elif how == "wrap":
        copy[key] = [copy[key]]
    elif how == "deepen":
        for _ in range(40):
            copy[key] = {"a": copy[key]}
    else:
        copy[key] = value
    return copy


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Draw a spec: a shipped one, one to four values of which are changed, or its bytes."""
    text, document = draw(st.sampled_from(shipped()))
    if draw(st.integers(0, 3)) == 0:
        return draw(broken(text))
    for _ in range(draw(st.integers(1, 4))):
        if not (where := places(document)):
            break
        how = draw(st.sampled_from(["replace", "replace", "remove", "rename", "wrap", "deepen"]))
        value = draw(st.sampled_from(ODD) | st.text(max_size=20) | st.integers())
        document = changed(document, draw(st.sampled_from(where)), how, value)
    lines = [f"{json.dumps(key)} = {toml(value)}" for key, value in document.items()]
    return "\n".join(lines).encode("utf-8", "replace")


@st.composite
def broken(draw: st.DrawFn, text: str) -> bytes:
    """Draw a text with bytes put in, cut off, or something long beside it."""
    data = text.encode("utf-8")
    at = draw(st.integers(0, len(data)))
    piece = draw(st.sampled_from(BYTES) | st.sampled_from(TEXTS).map(str.encode) | st.binary())
    return draw(st.sampled_from([data[:at] + piece + data[at:], data[:at] + piece, piece + data]))
