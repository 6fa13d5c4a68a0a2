"""Reading a report, a baseline or a spec of a stranger runs nothing, and shows no other file."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.attacks.box import Box, violated
from tests.attacks.modules import SE, WRONG, in_forward

SECRET = "SECRET-7f3a"
FORMATS = ("text", "json", "markdown", "html", "sarif", "junit", "github")
FILES = ("x.json", "x.md", "x.html", "x.sarif", "x.xml")
CALLS = {
    "a shell": ("subprocess:getoutput", "cmd", "touch MARK"),
    "the system": ("os:system", "command", "touch MARK"),
    "an interpreter": ("builtins:exec", "source", "open('MARK', 'w')"),
    "a process": ("subprocess:check_output", "args", ["touch", "MARK"]),
    "a timer": ("timeit:timeit", "stmt", "open('MARK', 'w')"),
}


def asking_for(report: Any, target: str, **arguments: object) -> Any:
    """Make a report whose finding is to be replayed on another target."""
    subject = report["subjects"][0]
    subject["target"] = target
    subject["job"] = {"name": "SE", "spec": "se", "target": target, "arguments": arguments}
    return report


@pytest.mark.parametrize("called", CALLS)
@pytest.mark.parametrize("told", [(), ("--run",)], ids=["shown", "told to run"])
def test_replay_calls_no_function_that_a_report_names(
    box: Box, wrong: Any, called: str, told: tuple[str, ...]
) -> None:
    target, name, value = CALLS[called]
    box.dump("evil.json", asking_for(wrong, target, **{name: value}))
    box.run("replay", f"evil.json:{violated(wrong)['id']}", *told).decently(2, 3)
    assert not (box.here / "MARK").exists()


def test_replay_of_a_report_imports_nothing_before_it_is_told_to(box: Box, wrong: Any) -> None:
    box.write("evil.py", "open('MARK', 'w')\n" + WRONG)
    box.dump("evil.json", asking_for(wrong, "evil.py:SE"))
    done = box.run("replay", f"evil.json:{violated(wrong)['id']}").decently(2, 3)
    assert "evil.py:SE" in done.text
    assert not (box.here / "MARK").exists()


def test_replay_builds_no_class_that_is_no_module(box: Box, wrong: Any) -> None:
    box.write("evil.py", "class SE:\n    def __init__(self, channels=1): open('MARK', 'w')\n")
    box.dump("evil.json", asking_for(wrong, "evil.py:SE", channels=32))
    box.run("replay", f"evil.json:{violated(wrong)['id']}", "--run").decently(2, 3)
    assert not (box.here / "MARK").exists()


def test_an_id_that_is_a_path_finds_nothing_outside_of_the_store(box: Box, wrong: Any) -> None:
    job = {"spec": "se", "name": "SE", "target": "evil.py:SE", "folder": str(box.here)}
    planted = {"schema": "attncheck.finding/1", "job": job, "finding": violated(wrong)}
    box.write("evil.py", "open('MARK', 'w')\n" + WRONG)
    (box.store / "findings").mkdir()
    (box.store / "planted.json").write_text(json.dumps(planted), encoding="utf-8")
    box.run("replay", "../planted").decently(2)
    assert not (box.here / "MARK").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("report", "r.json", "-o", "x.html", "-o", "x.sarif"),
        ("baseline", "r.json", "-o", "c.json"),
        ("gate", "r.json", "--baseline", "b.json"),
        ("explain", "evil.toml"),
    ],
    ids=lambda words: words[0],
)
def test_a_command_that_only_reads_imports_nothing(
    box: Box, sound: Any, words: tuple[str, ...]
) -> None:
    box.write("evil.py", "open('MARK', 'w')\n" + SE)
    box.write("evil.toml", 'id = "e"\ntitle = "E"\nfamily = "map"\nreference = "evil.py:SE"\n')
    subject = asking_for(sound, "evil.py:SE")["subjects"][0]
    subject["job"]["spec"] = str(box.here / "evil.toml")
    box.dump("r.json", sound)
    box.dump("b.json", sound)
    box.run(*words).decently()
    assert not (box.here / "MARK").exists()


def pointing_at(report: Any, path: str) -> Any:
    """Make a report whose findings lie in another file."""
    for claim in ("gate", "equivalence"):
        place = {"path": path, "line": 3, "end_line": 6, "note": "look"}
        violated(report, claim).update(location=place, related=[place])
    return report


def secret(box: Box, name: str) -> str:
    path = box.root / name
    path.write_text(f"{SECRET} is the word\n" * 99, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("way", ["from the root", "from here", "a link", "beside it"])
def test_a_report_shows_no_line_of_another_file(box: Box, wrong: Any, way: str) -> None:
    path = secret(box, "work/.env" if way == "beside it" else "passwd")
    if way == "a link":
        os.symlink(path, box.here / "model.py")
    path = {"from here": "../passwd", "a link": "model.py", "beside it": ".env"}.get(way, path)
    box.dump("evil.json", pointing_at(wrong, path))
    written = [word for name in FILES for word in ("-o", name)]
    assert SECRET not in box.run("report", "evil.json", *written).decently().text
    assert SECRET not in "".join((box.here / name).read_text("utf-8") for name in FILES)


@pytest.mark.parametrize("what", ["pipe.py", "/dev/zero", "/proc/self/environ", "."])
def test_a_report_that_points_at_a_device_is_drawn(box: Box, wrong: Any, what: str) -> None:
    os.mkfifo(box.here / "pipe.py")
    box.dump("evil.json", pointing_at(wrong, what))
    done = box.run("report", "evil.json", "--format", "html").decently(0)
    assert "BOX_TOKEN=" not in done.text


FEIGNED = {
    "compiled": "_body = compile({body!r}, {path!r}, 'exec')\nexec(_body)\n",
    "renamed": "{body}SE.forward.__code__ = SE.forward.__code__.replace(co_filename={path!r})\n",
    "raised": "raise SyntaxError('no', ({path!r}, 4, 1, None))\n",
}


@pytest.mark.parametrize("way", FEIGNED)
@pytest.mark.parametrize("where", ["passwd", "work/.env"])
def test_a_module_gets_no_line_of_another_file_quoted(box: Box, way: str, where: str) -> None:
    path = secret(box, where)
    box.write("evil.py", FEIGNED[way].format(body=WRONG, path=path))
    written = ("-o", "x.json", "-o", "x.html")
    done = box.run("audit", "se", "evil.py:SE", "--claim", "gate", *written).decently(1, 2, 3)
    assert SECRET not in done.text
    assert all(SECRET not in file.read_text("utf-8") for file in box.here.glob("x.*"))


def test_a_module_that_bears_the_name_of_a_pipe_is_audited(box: Box) -> None:
    os.mkfifo(box.here / "pipe.py")
    box.write("evil.py", FEIGNED["compiled"].format(body=WRONG, path=str(box.here / "pipe.py")))
    done = box.run("audit", "se", "evil.py:SE", "--timeout", "60").decently(1)
    assert "no answer" not in done.text


# ------------------------------------------------------------------------------ and benign


def test_benign_an_own_finding_is_replayed(box: Box) -> None:
    box.write("se.py", WRONG)
    box.run("audit", "se", "se.py:SE", "--claim", "gate", "-o", "r.json").decently(1)
    known = violated(box.read("r.json"))["id"]
    box.run("replay", known).decently(1)
    box.write("se.py", SE)
    box.run("replay", known).decently(0)


def test_benign_lines_of_the_own_project_are_quoted_from_the_report(box: Box) -> None:
    box.write("parts.py", "def squash(y):\n    raise ValueError('not squashed')\n")
    box.write("se.py", "from parts import squash\n" + in_forward("squash(x)"))
    stated = ("--init", "channels=64", "--input", "2x64x7x11")
    box.run("audit", "se", "se.py:SE", "--claim", "runs", *stated, "-o", "r.json").decently(1)
    for name in ("se.py", "parts.py"):
        (box.here / name).write_text(f"{SECRET}\n" * 30, encoding="utf-8")
    text = box.run("report", "r.json").decently(1, 0).text
    assert "raise ValueError('not squashed')" in text
    assert SECRET not in text
