"""Any words on the command line end with a status and in words, never as a mistake of ours."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.budget import FUZZED, bounded
from tests.fuzz.documents import BOMB

COMMANDS = ("list", "explain", "env", "gate", "report", "baseline", "audit", "compare", "count")
MORE = ("replay", "diff", "profile", "figures", "selftest", "evaluate", "calibrate", "nosuch", "")
OPTIONS = (
    *("--init", "--set", "--input", "--claim", "--skip", "--device", "--dtype", "--seed"),
    *("--timeout", "--memory-limit", "--jobs", "--strict", "--format", "-o", "--quiet", "--all"),
    *("--baseline", "--policy", "--accepted", "--diff", "--sort", "--contract", "--sizes"),
    *("--batch", "--resume", "--against", "--only", "--sample", "--budget", "--status"),
    *("--pairs", "--threads", "--windows", "--processes", "--seconds", "--version", "-h", "--"),
)
VALUES = (
    *("", " ", "x", "gam", "map", "se@reference", "gam@nosuch", "specs", "claims", "reach", "@"),
    *("x=...", "channels={[]:1}", "x=" + "[" * 3000, "x=" + "9" * 400, "x=" + "9" * 5000, "=1"),
    *("x=1e999", r"x='\ud800'", "x=0x" + "f" * 5000, "x={1, 2}", f"x={BOMB}", "x=" + "-" * 9000),
    *("C=64", "C=0", "C=-1", "C=999999999999999999999", "C=" + "1" * 5000, "C=\u0661", "C=1.5"),
    *("2x32x8x6", "x".join(["1"] * 500), "9" * 400, "0x0", "2x8:pad-true", "m=2x8:nosuch", "1x"),
    *("nan", "inf", "-inf", "1e400", "-1", "0", "1", str(10**30), "9" * 5000, "1" * 400 + "GiB"),
    *("9e99GiB", "4GiB", "1MiB", "float16", "cuda:99", "cpu", "meta", "tpu", "text", "json"),
    *(
        "~nosuchuser/x.toml",
        "~nosuchuser/x.json",
        "loop.toml",
        "loop.json",
        "/",
        ".",
        "..",
        "/dev/null",
    ),
    *("/dev/zero", "pipe.toml", "pipe.json", "bytes.toml", "deep.toml", "deep.json", "list.json"),
    *("good.json", "nosuch/x.json", "out.json", "out.txt", "out.md", "out.html", "x.toml", "-"),
    *("a/" * 3000, "n" * 300 + ".json", "m.py:M", "os:system", ":", "m.py:", "\udcff", "a\0b"),
    *("[", "*", "[!", "?" * 200, "shape", "%s%n", "\x1b[31m", "::error::x", "…✗", "🙂" * 50),
)


def texts() -> st.SearchStrategy[str]:
    return st.sampled_from(VALUES) | st.text(max_size=12) | st.sampled_from(OPTIONS)


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Draw a command with its arguments and options, in any order and number."""
    words = draw(st.lists(texts(), max_size=3))
    for option in draw(st.lists(st.sampled_from(OPTIONS), max_size=3)):
        words += [option, draw(texts())]
    return [draw(st.sampled_from((*COMMANDS, *COMMANDS, *MORE))), *words]


@FUZZED
@given(words=command_lines())
def test_any_words_end_in_words(
    run: Callable[[list[str]], SimpleNamespace], words: list[str]
) -> None:
    with bounded():
        done = run(words)
    assert done.code in (0, 1, 2, 3)
    assert "mistake in attncheck" not in done.err
    assert "Traceback" not in done.err
    assert done.code != 2 or done.err.strip()
