"""Text from outside stays text: nothing in it is taken for a command, a colour or a line."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attncheck.data.harmless import for_stream, harmless, one_line
from attncheck.formats.shared.markdown import code, escaped, fenced, table

_any = st.text(
    st.one_of(
        st.characters(exclude_categories=[]),
        st.sampled_from(
            "\x00\x07\x08\t\n\r\x1b\x7f\x85\x9b\u2028\u202e\u2066\u200b\ufeff\ud800:#["
        ),
    )
)


def unseen(text: str) -> set[str]:
    """Return the characters that no reader sees, or that do something."""
    return {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\n"}


@given(_any)
def test_no_character_does_anything(text: str) -> None:
    assert unseen(harmless(text)) <= {"\t"} | _OTHERS
    assert unseen(one_line(text)) <= _OTHERS
    assert "\n" not in one_line(text)
    one_line(text).encode("utf-8")


_OTHERS = {chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) == "Cf"} - {
    *map(chr, [0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F)]),
    *map(chr, [*range(0x2060, 0x2070), 0xFEFF, *range(0xE0000, 0xE0080)]),
}
"""Marks of scripts, which neither hide nor turn anything."""


@given(_any)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert harmless(harmless(text)) == harmless(text)
    assert one_line(one_line(text)) == one_line(text)


@given(_any, st.booleans())
def test_a_stream_gets_no_command_and_no_sequence_but_a_colour(text: str, colour: bool) -> None:
    given = for_stream(text, colour=colour)
    assert "##[" not in given
    for line in given.split("\n"):
        assert not line.lstrip().startswith("::")
    assert unseen(given) <= {"\t"} | _OTHERS | ({"\x1b"} if colour else set())


def test_our_own_colours_and_commands_stay() -> None:
    text = "\x1b[1;31mred\x1b[0m\n::error file=a.py::b\n"
    assert for_stream(text, colour=True, commands=True) == text
    assert "::error" not in for_stream(text, colour=True).replace(": :", "")
    assert "\x1b[2J" not in for_stream("\x1b[31m\x1b[2J", colour=True)
    coloured = "  \x1b[2m ::error::x\x1b[0m"
    assert ": :error" in for_stream(coloured, colour=True)


@given(st.recursive(_any.map(str), lambda inner: st.lists(inner) | st.dictionaries(_any, inner)))
def test_json_on_a_stream_stays_json(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    json.loads(for_stream(text))


def test_what_is_long_is_cut_and_says_so() -> None:
    assert one_line("a" * 50_000, 10) == "aaaaaaaaaa… (49,990 characters more)"


ATTACKS = [
    "![x](http://evil/x.png)",
    "[click](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "see http://evil.example and www.evil.example",
    "ask @someone or #12 or GH-12 or me@evil.example",
    "```\nfence\n```",
    "`code` ``more``",
    "a | b |",
    "&lt;b&gt; &#64;someone",
    "# heading",
    "1. list",
    "- [ ] task",
    "> quote",
    "*bold* _it_ ~~gone~~",
    "\\[x](y)",
    "mailto:a@evil.example",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_markdown_of_outside_text_is_a_paragraph_of_text(attack: str) -> None:
    html = _rendered(escaped(attack))
    assert html.startswith("<p>")
    assert html.count("<") == 2, html
    for live in ("http://", "www.", "@s", "@e", "#1", "GH-1", "mailto:"):
        assert live not in html


@pytest.mark.parametrize("attack", ATTACKS)
def test_in_code_a_fence_and_a_table_nothing_gets_out(attack: str) -> None:
    assert _rendered(code(attack)).count("<") == 4
    assert _rendered(fenced([attack, "last"])).count("<") == 4
    lines = table([attack, "b"], [[attack, attack]]).splitlines()
    assert len(lines) == 3
    assert all(line.replace("\\|", "").count("|") == 3 for line in lines)


def _rendered(text: str) -> str:
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark").render(text)).strip()
