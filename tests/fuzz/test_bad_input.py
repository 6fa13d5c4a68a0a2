"""Bad input ends with status 2 and a line of what and where, never as a mistake of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from attncheck.data.report import encode
from attncheck.errors import TargetError
from attncheck.signature.resolve import resolve
from tests.fuzz.documents import BOMB
from tests.gate.reports import report, subject

Run = Callable[[list[str]], SimpleNamespace]
AUDIT = ("audit", "gam@article")
GATE = ("gate", "now.json", "--baseline")
MAP = ("audit", "map", "m.py:M")

LINES = {
    "an ellipsis": ((*MAP, "--init", "x=..."), "is no value"),
    "a list as a key": ((*MAP, "--init", "channels={[]:1}"), "unhashable"),
    "an endless number": ((*MAP, "--init", "x=1e999"), "too large"),
    "5000 digits": ((*MAP, "--init", "x=" + "9" * 5000), "is no value"),
    "a number of 20000 bits": ((*MAP, "--init", "x=0x" + "f" * 5000), "too large"),
    "5000 brackets": ((*MAP, "--init", "x=" + "[" * 5000 + "]" * 5000), "no value"),
    "60 brackets": ((*MAP, "--init", "x=" + "[" * 60 + "]" * 60), "too deep"),
    "a long value": ((*MAP, "--init", "x=" + "y" * 20_000), "signs"),
    "half a sign": ((*MAP, "--init", r"x='\ud800'"), "half a sign"),
    "a huge dim": ((*AUDIT, "--set", "C=999999999999999999999"), "too large a size"),
    "a dim of 5000 digits": ((*AUDIT, "--set", "C=" + "1" * 5000), "too large a size"),
    "a negative dim": ((*AUDIT, "--set", "C=-1"), "at least 1"),
    "500 axes": ((*MAP, "--input", "x".join(["1"] * 500)), "too large an input"),
    "too many entries": ((*MAP, "--input", "x".join(["999999999"] * 8)), "too many"),
    "a huge seed": ((*AUDIT, "--seed", str(10**30)), "too large a seed"),
    "many jobs": ((*AUDIT, "--jobs", str(10**9)), "no number of processes"),
    "nan seconds": ((*AUDIT, "--timeout", "nan"), "must be positive"),
    "endless seconds": ((*AUDIT, "--timeout", "inf"), "must be positive"),
    "an odd memory": ((*AUDIT, "--memory-limit", "9e99GiB"), "no amount of memory"),
    "a huge memory": ((*AUDIT, "--memory-limit", "9" * 400 + "GiB"), "more than any"),
    "nan for a profile": (("profile", "gam", "--seconds", "nan"), "must be positive"),
    "a looping file to write": ((*AUDIT, "-o", "loop.json"), "link to itself"),
    "a looping baseline": (("baseline", "good.json", "-o", "loop.json"), "link to itself"),
    "a long name to write": ((*AUDIT, "-o", "n" * 300 + ".json"), "too long"),
    "a looping spec": (("audit", "loop.toml"), "no such spec"),
    "a folder as a spec": (("audit", "/"), "folder|directory|names no class"),
    "a pipe as a spec": (("audit", "pipe.toml"), "no regular file"),
    "a device as a spec": (("audit", "/dev/zero"), "no regular file"),
    "bytes in a spec": (("explain", "bytes.toml"), "no UTF-8"),
    "a deep spec": (("audit", "deep.toml"), "too deep"),
    "dims of 7": (("audit", "x.toml"), "x.toml:3: "),
    "a user who is not there": (("audit", "~nosuchuser/x.toml"), "no user 'nosuchuser'"),
    "a pipe as a report": (("report", "pipe.json"), "no regular file"),
    "a deep report": (("report", "deep.json"), "too deep"),
    "a pipe as a policy": ((*GATE, "good.json", "--policy", "pipe.toml"), "no regular file"),
    "bytes in a policy": ((*GATE, "good.json", "--policy", "bytes.toml"), "no UTF-8"),
    "a deep policy": ((*GATE, "good.json", "--policy", "deep.toml"), "too deep"),
    "a pipe as accepted": ((*GATE, "good.json", "--accepted", "pipe.toml"), "no regular file"),
    "bytes in accepted": ((*GATE, "good.json", "--accepted", "bytes.toml"), "no UTF-8"),
    "a pipe as a target": (("audit", "map", "pipe.json"), "names no class"),
    "an argument of bytes": (("explain", "\udcff"), "no text in UTF-8"),
    "NUL": (("report", "a\0b"), "holds a NUL"),
    "no name": (("audit", "gam", "--claim", ""), "matches no claim"),
}


@pytest.mark.parametrize(("words", "said"), LINES.values(), ids=LINES.keys())
def test_bad_input_is_told(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run(list(words))
    assert done.code == 2
    assert any(part in done.err for part in said.split("|")), done.err
    assert "mistake" not in done.err
    assert len(done.err) < 30_000


SPEC = 'id = "x"\ntitle = "x"\n[calls.map]\nx = "B C H W"\n'


@pytest.mark.parametrize(
    "lines",
    [
        f'[dims]\nC = "{BOMB}"\n',
        f'[dims]\nC = 4\n[domain]\nC = "{BOMB} > C"\n',
        '[dims]\nC = "C"\n',
        f"[dims]\nC = {'9' * 400}\n",
        'a = "' + "x" * 300_000 + '"\n',
        "a" + ".a" * 20_000 + " = 1\n",
        '[claims.reach]\nkind = true\npositions = "all"\n',
        f'[claims.parameters]\nformula = "{"C*" * 3000}C"\n',
    ],
    ids=range(8),
)
def test_a_bomb_in_a_spec_is_told(run: Run, lines: str) -> None:
    Path("bomb.toml").write_text(SPEC + lines, encoding="utf-8")
    done = run(["audit", "./bomb.toml", "m.py:M"])
    assert done.code == 2
    assert "bomb.toml" in done.err
    assert "mistake" not in done.err
    assert len(done.err) < 2000


def test_a_family_is_never_a_path(run: Run) -> None:
    Path("other.toml").write_text(SPEC, encoding="utf-8")
    Path("sub").mkdir()
    Path("sub/x.toml").write_text(SPEC.replace("[", 'family = "../other"\n[', 1))
    assert "unknown family" in run(["audit", "sub/x.toml", "m.py:M"]).err


def test_a_target_of_a_user_who_is_not_there_is_told() -> None:
    with pytest.raises(TargetError, match="no user 'nosuchuser'"):
        resolve("~nosuchuser/x.py:A")


@pytest.mark.parametrize("words", ["list specs", "audit gam", "report x.json", "env"])
def test_a_working_folder_that_is_gone_is_told(tmp_path: Path, words: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["bash", "-c", f"rmdir ../gone; {sys.executable} -m attncheck {words}"],
        cwd=gone,
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert "the working folder is gone" in done.stderr
    assert "Traceback" not in done.stderr


def test_ones_own_standard_input_is_read_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[tool.attncheck.gate]\nnosuch = 1\n", encoding="utf-8")
    for name in ("now.json", "base.json"):
        (tmp_path / name).write_bytes(encode(report(subject())))
    line = "gate now.json --baseline base.json --policy"
    for given in ("/dev/stdin < x.toml", "<(cat x.toml)", "/dev/fd/3 3< x.toml"):
        done = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m attncheck {line} {given}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "unknown key 'nosuch'" in done.stderr


def test_a_home_that_is_not_there_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNCHECK_HOME", "~nosuchuser")
    done = run(["replay", "abcd"])
    assert done.code == 2
    assert "no such home folder" in done.err
    assert "mistake" not in done.err
