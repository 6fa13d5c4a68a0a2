"""Text from outside stays text: in every format, on both streams, wherever it comes from."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.attacks.box import Box, harmless, violated
from tests.attacks.modules import SE, WRONG, in_constructor, in_forward, spec_of
from tests.thorough import THOROUGH

EVIL = (
    "\x1b[31mRED\x1b]0;title\x07\x9b31m\x08\x7f \r\n::set-env name=EVIL::1\n  ::add-mask::EVIL\n"
    "##[set-env name=EVIL;]1 ![i](http://evil.example/i.png) [j](javascript:alert(1))\n"
    "<img src=http://evil.example/x onerror=alert(1)> <script>alert('evil')</script>\n\n"
    "# heading ![k][evil]\n\n[evil]: http://evil.example/k\n\n<http://evil.example/auto>\n"
    "| ![t](http://evil.example/t.png) | `![c](http://evil.example/c)` ``` ![d](http://evil.example/d)\n"
)
Put = Callable[[Any, Any], object]
PLACES: dict[str, Put] = {
    "message": lambda report, found: found.update(message=EVIL, expected=EVIL, seen=EVIL),
    "claim": lambda report, found: found.update(claim=EVIL, kind=EVIL, source=EVIL),
    "place": lambda report, found: found["location"].update(path=EVIL, note=EVIL),
    "command": lambda report, found: found.update(reproduce=EVIL),
    "subject": lambda report, found: report["subjects"][0].update(subject=EVIL, notes=[EVIL]),
    "spec": lambda report, found: report["subjects"][0].update(spec=EVIL, title=EVIL, paper=EVIL),
    "target": lambda report, found: report["subjects"][0].update(target=EVIL),
    "environment": lambda report, found: report.update(
        environment=dict.fromkeys(report["environment"], EVIL)
    ),
    "counts": lambda report, found: report["subjects"][0]["counts"].update(
        by_operator={EVIL: 7}, unpriced=[EVIL], disagreement=EVIL
    ),
}
FORMATS = ("text", "markdown", "html", "github")


def put(report: Any, places: list[str]) -> Any:
    found = violated(report)
    found["location"] = found.get("location") or {"path": "se.py", "line": 3}
    for place in places:
        PLACES[place](report, found)
    return report


@pytest.mark.parametrize("place", [*PLACES, "everywhere"])
def test_the_words_of_a_report_stay_words(box: Box, wrong: Any, place: str) -> None:
    box.dump("evil.json", put(wrong, list(PLACES) if place == "everywhere" else [place]))
    for form in FORMATS if place == "everywhere" or THOROUGH else ("text", "markdown"):
        done = box.run("report", "evil.json", "--format", form).decently()
        harmless(done.out, form)
        harmless(done.err)


@pytest.mark.parametrize("place", ["message", "subject", "claim"])
def test_the_words_of_a_report_stay_words_in_a_gate(
    box: Box, sound: Any, wrong: Any, place: str
) -> None:
    base = put(sound, [place]) if place != "message" else sound
    box.dump("evil.json", put(wrong, [place]))
    box.dump("b.json", base)
    for form in ("text", "markdown", "github"):
        done = box.run("gate", "evil.json", "--baseline", "b.json", "--format", form)
        harmless(done.decently(1, 2, 3).out, form)
        harmless(done.err)
    done = box.run("report", "evil.json", "--diff", "b.json").decently()
    harmless(done.out)
    harmless(done.err)


def test_a_strangers_command_is_shown_on_its_line(box: Box, wrong: Any) -> None:
    evil = put(copy.deepcopy(wrong), ["target", "command"])
    evil["subjects"][0]["job"]["target"] = EVIL
    box.dump("evil.json", evil)
    done = box.run("replay", f"evil.json:{violated(wrong)['id']}").decently(2, 3)
    harmless(done.out)
    harmless(done.err)


PRE = f"P = {EVIL!r}\n"
LOUD = {
    "raises it when imported": PRE + "raise ImportError(P, name=P, path=P)\n",
    "imports it": PRE + "__import__(P)\n",
    "ends with it": PRE + "raise SystemExit(P)\n",
    "is no Python": "x = (\n::set-env name=EVIL::1\n\x1b[31m ![i](http://evil.example/i.png)\n",
    "prints it": PRE + "import logging, sys, warnings\n"
    "for stream in sys.stdout, sys.stderr:\n    print(P, file=stream, flush=True)\n"
    "warnings.warn(P)\nlogging.error(P)\n" + WRONG,
    "raises it": PRE + in_forward("raise RuntimeError(P)", SE),
    "has a type of it": PRE + in_forward("raise type(P, (ValueError,), {})(P)", SE),
    "raises it when built": PRE + in_constructor("raise ValueError(P)", SE),
    "has it as its name": PRE + WRONG + "SE.__name__ = SE.__qualname__ = P\n",
    "has it as a parameter's name": PRE
    + in_constructor("self.register_parameter(P.replace('.', ''), nn.Parameter(torch.ones(3)))"),
    "returns it": PRE + SE.replace("return x * y", "return {P: x * y, P + '2': y}"),
    "has it in a comment": WRONG.replace(
        "return x * y", "return x * y  # \x9b31m <img src=http://evil.example/x>"
    ),
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What is shown and written of all of them, audited with one command."""
    box = Box(tmp_path_factory.mktemp("loud") / "box")
    for name, text in spec_of({f"m{n}": source for n, source in enumerate(LOUD.values())}).items():
        box.write(name, text)
    written = ("-o", "r.json", "-o", "r.md", "-o", "r.html")
    done = box.run("audit", "many.toml", *written).decently(1, 2)
    box.clear()
    assert {f"m{n}" for n in range(len(LOUD))} <= set(box.verdicts())
    files = {
        form: (box.here / name).read_bytes()
        for form, name in (("markdown", "r.md"), ("html", "r.html"))
    }
    return {"text": done.out, "stderr": done.err, **files}


@pytest.mark.parametrize("form", ["text", "stderr", "markdown", "html"])
def test_the_words_of_modules_stay_words(outputs: dict[str, bytes], form: str) -> None:
    assert b"RED" in outputs[form] or form == "stderr"
    harmless(outputs[form], form)


@pytest.mark.parametrize("module", LOUD if THOROUGH else ["is no Python", "raises it"])
def test_the_words_of_a_module_stay_words_that(box: Box, module: str) -> None:
    box.write("evil.py", LOUD[module])
    done = box.run("audit", "se", "evil.py:SE", "--claim", "runs", "--claim", "gate")
    done.decently(1, 2, 3)
    harmless(done.out)
    harmless(done.err)


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "se", EVIL + ".py:SE"),
        ("explain", EVIL),
        ("report", EVIL),
        ("gate", "r.json", "--baseline", EVIL),
        ("replay", EVIL),
        ("audit", "se", "se.py:SE", "--claim", EVIL),
        ("audit", "se", "se.py:SE", "--init", EVIL + "=1"),
        ("audit", "se", "se.py:SE", "--format", EVIL),
        ("nosuch" + EVIL,),
    ],
    ids=lambda words: " ".join("EVIL" if "evil" in word else word for word in words),
)
def test_words_of_the_command_line_stay_words(box: Box, sound: Any, words: tuple[str, ...]) -> None:
    box.write("se.py", SE)
    box.dump("r.json", sound)
    done = box.run(*words).decently(2)
    harmless(done.out)
    harmless(done.err)


@pytest.mark.parametrize("key", ["title", "summary", "paper", "family", "id", "nosuch"])
def test_the_words_of_a_spec_stay_words(box: Box, key: str) -> None:
    signs = "".join(f"\\u{ord(s):04x}" if not " " <= s <= "~" or s in '"\\' else s for s in EVIL)
    fields = {"id": "x", "title": "x", "family": "map", "summary": "x", key: signs}
    box.write("evil.toml", "".join(f'{name} = "{text}"\n' for name, text in fields.items()))
    done = box.run("explain", "evil.toml").decently(0, 2)
    harmless(done.out)
    harmless(done.err)


# ------------------------------------------------------------------------------ and benign

PLAIN = "注意力 y ≠ x * g[0], std::max, a_b_c <= 3 & 5 µs – Ünïcode ✓"


def test_benign_ordinary_signs_stay_readable(box: Box, wrong: Any) -> None:
    violated(wrong)["message"] = PLAIN
    box.dump("r.json", wrong)
    shown = box.run("report", "r.json", "-o", "x.md", "-o", "x.html").decently(0, 1)
    assert PLAIN in " ".join(shown.out.decode().split())
    assert all("注意力" in (box.here / name).read_text("utf-8") for name in ("x.md", "x.html"))


def test_benign_an_exception_keeps_its_words(box: Box) -> None:
    box.write("se.py", in_forward("raise ValueError('größe [7, 11] ist falsch')", SE))
    stated = ("--init", "channels=64", "--input", "2x64x7x11")
    for more, status in ((stated, 1), ((), 2)):  # a violation, and a refusal of a guessed call
        shown = box.run("audit", "se", "se.py:SE", "--claim", "runs", *more).decently(status)
        assert "größe [7, 11] ist falsch" in " ".join(shown.text.split())
