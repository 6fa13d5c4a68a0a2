"""What strangers write is used, or refused in words, and never for long.

``tests/fuzz`` mutates them by the thousand; here are those that somebody would write on purpose.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.attacks.box import Box, violated
from tests.attacks.modules import SE, SPEC, WRONG
from tests.thorough import THOROUGH

HEAD = 'id = "x"\ntitle = "X"\nfamily = "map"\nsummary = "x"\n'
BOMBS = {
    "a tower": "((((9**16)**16)**16)**16)**16",
    "powers of powers": "9**9**9**9",
    "squares of squares": "(" * 40 + "C" + ")**2" * 40,
    "5000 brackets": "(" * 5000 + "C" + ")" * 5000,
    "100000 terms": "+".join(["C"] * 100_000),
    "400 digits": "9" * 400,
    "a shift": "1 << 10**10",
    "a long text": "'a' * 10**10",
    "a long range": "max(range(10**12))",
}
FORMULAS = {
    "a dim": HEAD + '[dims]\nC = 32\nh = "{}"\n',
    "a claim": HEAD + '[dims]\nC = 32\n[claims.parameters]\nformula = "{}"\n',
    "a domain": HEAD + '[dims]\nC = 32\n[domain]\nC = "C >= {}"\n',
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("place", FORMULAS if THOROUGH else ["a dim"])
def test_a_formula_that_never_ends_does(box: Box, bomb: str, place: str) -> None:
    box.write("evil.toml", FORMULAS[place].format(BOMBS[bomb]))
    box.run("explain", "evil.toml").decently(0, 2)


@pytest.mark.parametrize("bomb", ["a tower", "5000 brackets", "a long text"])
@pytest.mark.parametrize("option", ["--init=channels={}", "--set=C={}", "--input=2x{}x7x7"])
def test_a_bomb_as_an_option_is_no_pass(box: Box, bomb: str, option: str) -> None:
    box.write("se.py", SE)
    words = ("--claim", "shape", option.format(BOMBS[bomb]))
    box.run("audit", "se", "se.py:SE", *words).decently(1, 2, 3)


SPECS: dict[str, str | bytes] = {
    "bytes": HEAD.encode() + b'[dims]\nC = "\xff\xfe"\n',
    "a list for a text": HEAD.replace('"X"', '["X"]'),
    "dims of 7": HEAD + "dims = 7\n",
    "claims of 7": HEAD + "claims = 7\n",
    "400 digits": HEAD + "[dims]\nC = " + "9" * 400 + "\n",
    "no number": HEAD + "[dims]\nC = 1e400\n",
    "5000 brackets": HEAD + "dims = " + "[" * 5000 + "]" * 5000 + "\n",
    "3000 tables": HEAD + "dims = " + "{a = " * 3000 + "1" + "}" * 3000 + "\n",
    "a circle of two": HEAD + '[dims]\na = "b"\nb = "a"\n',
    "a circle of 3000": HEAD
    + "[dims]\n"
    + "".join(f'd{i} = "d{(i + 1) % 3000}"\n' for i in range(3000)),
    "its own family": HEAD.replace('"map"', '"x"'),
    "a path as a family": HEAD.replace('"map"', '"../../../../etc/passwd"'),
    "nothing": "",
    "any bytes": bytes(range(256)),
}


@pytest.mark.parametrize("spec", SPECS)
def test_a_bad_spec_is_refused_in_words(box: Box, spec: str) -> None:
    box.write("evil.toml", SPECS[spec])
    box.run("explain", "evil.toml").decently(2)


def test_a_chain_of_3000_dims_is_read(box: Box) -> None:
    chain = "".join(f'd{i} = "d{i + 1}"\n' for i in range(3000))
    box.write("long.toml", f"{HEAD}[dims]\n{chain}d3000 = 4\n")
    box.run("explain", "long.toml").decently(0)


Change = Callable[[Any, Any], object]
REFUSED: dict[str, Change] = {
    "subjects of 7": lambda report, found: report.update(subjects=7),
    "no subjects": lambda report, found: report.pop("subjects"),
    "another schema": lambda report, found: report.update(schema="attncheck.report/999"),
    "findings of words": lambda report, found: report["subjects"][0].update(findings="many"),
    "a list as a message": lambda report, found: found.update(message=["a"]),
    "another status": lambda report, found: found.update(status="glorious"),
    "a place without a line": lambda report, found: found.update(location={"path": "x.py"}),
    "a witness of 7": lambda report, found: found.update(witness=7),
    "a diagnosis of 7": lambda report, found: report["subjects"][0].update(diagnosis=7),
}
MAP = {"claimed": ["1"], "seen": ["1"], "output": [0, 0], "passes": 1, "what": "positions"}
DRAWN: dict[str, Change] = {
    "a map of 10^10": lambda report, found: found.update(
        evidence={"map": {**MAP, "size": [10**5, 10**5]}}
    ),
    "a line of 10^10": lambda report, found: found.update(
        evidence={"map": {**MAP, "size": [10**10]}}
    ),
    "10^10 passes": lambda report, found: found.update(
        evidence={"map": {**MAP, "size": [1, 1], "passes": 10**10}}
    ),
    "a place of 10^18 lines": lambda report, found: found.update(
        location={"path": "x.py", "line": 1, "end_line": 10**18}
    ),
    "counts of 400 digits": lambda report, found: report["subjects"][0]["counts"].update(
        macs=10**400
    ),
    "a shape of 30 digits": lambda report, found: found["witness"].update(shape=[10**30] * 50),
    "NUL in a path": lambda report, found: found.update(location={"path": "a\0b", "line": 1}),
}


@pytest.mark.parametrize("change", [*REFUSED, *DRAWN])
def test_a_bad_report_is_drawn_or_refused_in_words(box: Box, wrong: Any, change: str) -> None:
    {**REFUSED, **DRAWN}[change](wrong, violated(wrong))
    box.dump("evil.json", wrong)
    statuses = (2,) if change in REFUSED else (0, 1, 2)
    box.run("report", "evil.json", "-o", "x.html", "-o", "x.md").decently(*statuses)


@pytest.mark.parametrize("change", ["another status", "a map of 10^10"])
def test_a_bad_report_never_passes_a_gate(box: Box, sound: Any, wrong: Any, change: str) -> None:
    {**REFUSED, **DRAWN}[change](wrong, violated(wrong))
    box.dump("evil.json", wrong)
    box.dump("b.json", sound)
    box.run("gate", "evil.json", "--baseline", "b.json").decently(1, 2, 3)
    box.run("gate", "b.json", "--baseline", "evil.json").decently(1, 2, 3)


TEXTS: dict[str, Callable[[str], str | bytes]] = {
    "200000 brackets": lambda text: "[" * 200_000,
    "5000 brackets": lambda text: "[" * 5000 + "]" * 5000,
    "bytes": lambda text: b"\xff\xfe" + text.encode(),
    "half of it": lambda text: text[: len(text) // 2],
    "null": lambda text: "null",
}


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_no_json_is_refused_in_words(box: Box, wrong: Any, text: str) -> None:
    box.write("evil.json", TEXTS[text](json.dumps(wrong)))
    box.run("report", "evil.json").decently(2)


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "~nobody-at-all/x.toml", "se.py:SE"),
        ("audit", "se", "se.py:SE", "--init", "channels={[]:1}"),
        ("audit", "se", "se.py:SE", "--set", "C=x"),
        ("audit", "se", "se.py:SE", "--timeout", "nan"),
        ("audit", "se", "se.py:SE", "--claim", "shape", "-o", "loop.json"),
        ("audit", "se", "se.py:SE", "--claim", "shape", "-o", "folder.json"),
        ("audit", "se", "\udcff.py:SE"),
        ("report", "loop.json"),
        ("report", "."),
        ("report", "x" * 5000 + ".json"),
        ("replay", ""),
    ],
    ids=lambda words: " ".join(words)[:60].encode("ascii", "replace").decode(),
)
def test_bad_words_are_told_as_such(box: Box, words: tuple[str, ...]) -> None:
    box.write("se.py", SE)
    os.symlink("loop.json", box.here / "loop.json")
    (box.here / "folder.json").mkdir()
    box.run(*words).decently(2)


def test_a_working_folder_that_is_gone_is_told(box: Box) -> None:
    box.shell("mkdir gone; cd gone; rmdir ../gone; ATTN audit se se.py:SE").decently(2)


# ------------------------------------------------------------------------------ and benign


def test_benign_a_deep_but_sane_formula(box: Box) -> None:
    formula = "(" * 20 + "2*C*h" + " + 0)" * 20 + " + 2**10 - 1024 + (C - C)*h**2"
    both = f"{formula} + squeeze_bias*h + excite_bias*C"
    box.write("own.toml", f'{SPEC}[claims.parameters]\nformula = "{both}"\n')
    box.write("se.py", SE)
    words = ("--claim", "parameters", "--claim", "runs")
    box.run("audit", "own.toml", "se.py:SE", *words).decently(0)


def test_benign_a_report_of_a_later_version(box: Box, sound: Any) -> None:
    for thing in (sound, sound["subjects"][0], sound["subjects"][0]["findings"][0]):
        thing["later"] = {"a": [1]}
    box.dump("r.json", sound)
    box.run("report", "r.json").decently(0)


def test_benign_a_spec_in_another_language(box: Box) -> None:
    box.write("own.toml", SPEC.replace('"Many"', '"Aufmerksamkeit 注意力"'))
    box.write("se.py", WRONG)
    assert "注意力" in box.run("explain", "own.toml").decently(0).text
    box.run("audit", "own.toml", "se.py:SE", "--claim", "gate").decently(1)
