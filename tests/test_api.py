"""attncheck from Python, in scripts and test runs of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import attncheck
from attncheck import api
from tests.cli.command import attncheck as command
from tests.cli.command import spec_with
from tests.pytest_plugin.test_claims_as_tests import outcomes, run

HEAD = """
import json
from dataclasses import dataclass
import attncheck
from torch import nn

@dataclass
class Config:
    dim: int
    heads: int

class Gate(nn.Module):
    def __init__(self, channels, gate_layer=nn.Sigmoid):
        super().__init__()
        self.channels = channels
        self.mix = nn.Conv2d(channels, channels, 1)
        self.gate = gate_layer()
    def forward(self, x):
        return x * self.gate(self.mix(x.mean((2, 3), keepdim=True)))

class Mixes(Gate):
    def forward(self, x):
        return super().forward(x).cumsum(0)  # over the batch

class Configured(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        assert isinstance(cfg, Config)
        self.mix = nn.Conv2d(cfg.dim, cfg.dim, 1)
    def forward(self, x):
        return self.mix(x)

def one(thing, **more):
    report = attncheck.audit(thing, "tiny.toml", **more)
    assert not report.problems, report.problems
    (subject,) = report.subjects
    return subject

"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    spec_with(tmp_path, {})
    return tmp_path


def script(folder: Path, text: str, *, head: str = HEAD) -> subprocess.CompletedProcess[str]:
    """Run a script, without any guard of its main module."""
    (folder / "script.py").write_text(head + text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        env={**os.environ, "ATTNCHECK_HOME": str(folder / "home"), "COLUMNS": "100"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def said(folder: Path, text: str, *, head: str = HEAD) -> str:
    done = script(folder, text, head=head)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_offered_is_documented() -> None:
    for name in attncheck.__all__:
        offered = getattr(attncheck, name)
        assert offered.__doc__, name
        assert name in dir(attncheck)
    with pytest.raises(AttributeError, match="no attribute 'audits'"):
        attncheck.audits  # noqa: B018


def test_importing_it_imports_neither_torch_nor_what_draws(folder: Path) -> None:
    said(
        folder,
        "import sys\nimport attncheck\n"
        "heavy = {'torch', 'typer', 'rich', 'jinja2', 'msgspec', 'cloudpickle'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n",
        head="",
    )


THINGS = {
    "a class of the main module": "one(Gate)",
    "a lambda": "one(lambda: Gate(6))",
    "a partial": "one(__import__('functools').partial(Gate, gate_layer=nn.Tanh))",
    "an instance out of a model": "one(nn.Sequential(nn.Identity(), Gate(6))[1])",
    "a class with a config": "one(Configured, init={'cfg': Config(6, 2)})",
    "a class with a class for an argument": "one(Gate, init={'gate_layer': nn.Hardsigmoid})",
    "an installed class": "one(nn.ReLU)",
    "its file and its name": "one('other.py:Gate', init={'channels': 6})",
}


def test_anything_that_makes_a_module_can_be_given(folder: Path) -> None:
    (folder / "other.py").write_text(HEAD, encoding="utf-8")
    lines = [f"print({name!r}, {code}.verdict.value, sep=': ')" for name, code in THINGS.items()]
    local = """
def make():
    class Local(Gate):
        pass
    return Local
print("a local class", one(make()).verdict.value, sep=": ")
"""
    out = said(folder, "\n".join(lines) + local)
    assert out.splitlines() == [f"{name}: conforms" for name in (*THINGS, "a local class")]


def test_a_mistake_in_the_main_module_is_shown_on_its_line(folder: Path) -> None:
    out = said(folder, "print(attncheck.audit(Mixes, 'tiny.toml'))")
    assert "__main__:Mixes" in out
    assert "✗ batch-independence" in out
    assert "cumsum(0)  # over the batch" in out
    assert "attncheck.audit(Mixes, 'tiny.toml', claims=['batch-independence'])" in re.sub(
        r"\s+", " ", out
    )
    assert "attncheck replay" not in out


def test_an_instance_keeps_its_sizes_and_its_parameters(folder: Path) -> None:
    out = said(
        folder,
        """
gate = Gate(6)
before = gate.mix.weight.clone()
subject = one(gate, init={})
print(json.dumps([subject.dims["C"], subject.notes]))
assert (gate.mix.weight == before).all()
assert type(gate).__module__ == "__main__"
""",
    )
    width, notes = json.loads(out)
    assert width == 6
    assert any("as it is" in note for note in notes)


def test_an_instance_is_blamed_for_no_size_that_it_cannot_have(folder: Path) -> None:
    out = said(
        folder,
        """
heads = nn.MultiheadAttention(48, 6, batch_first=True)
report = attncheck.audit(heads, "mha")
print(report.verdict.value, report.subjects[0].dims["heads"], len(report.violations))
""",
    )
    assert out.split() == ["conforms", "6", "0"]


def test_a_report_tells_of_an_object_and_holds_none(folder: Path) -> None:
    said(folder, "attncheck.audit(Mixes, 'tiny.toml').save('report.json')")
    text = (folder / "report.json").read_text(encoding="utf-8")
    (subject,) = json.loads(text)["subjects"]
    assert set(subject["job"]["carried"]) == {"call", "file"}
    (finding,) = [f for f in subject["findings"] if f["status"] == "violated"]
    for name in (finding["id"], f"report.json:{finding['id']}"):
        done = command("replay", "--run", name, folder=folder)
        assert done.returncode == 2
        assert "attncheck.audit(Mixes" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_report_of_a_stranger_makes_nothing_by_value(folder: Path) -> None:
    import base64
    import pickle

    said(folder, "attncheck.audit(Mixes, 'tiny.toml').save('report.json')")
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    (subject,) = report["subjects"]
    (finding,) = [f for f in subject["findings"] if f["status"] == "violated"]
    bad = pickle.dumps((os.system, ("touch made",)))
    subject["job"]["carried"]["value"] = base64.b64encode(bad).decode()
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    done = command("replay", "--run", f"report.json:{finding['id']}", folder=folder)
    assert done.returncode == 2
    assert not (folder / "made").exists()


def test_what_nobody_can_audit_is_told_in_words(folder: Path) -> None:
    out = said(
        folder,
        """
class SELayer(Gate):
    pass
class Locked(Gate):
    def __init__(self):
        super().__init__(4)
        self.lock = __import__("threading").Lock()
for call in (
    lambda: attncheck.audit(SELayer),
    lambda: attncheck.audit(42, "map"),
    lambda: attncheck.audit(Config, "map"),
    lambda: attncheck.audit(Locked(), "map"),
    lambda: attncheck.audit(Gate, "no-such-spec"),
    lambda: attncheck.audit(Gate, "map", inputs=[object()]),
    lambda: attncheck.compare("se", "cbam", sort="beauty"),
):
    try:
        call()
    except attncheck.AttncheckError as error:
        print(type(error).__name__, "·", " ".join(str(error).split()))
""",
    )
    lines = out.splitlines()
    kinds = [line.partition(" ")[0] for line in lines]
    assert kinds == ["UsageError", *["TargetError"] * 3, *["UsageError"] * 3]
    assert "'se'" in lines[0]
    assert all(family in lines[0] for family in ("'map'", "'tokens'", "'seq2seq'"))
    assert "42 makes no module" in lines[1]
    assert "no torch.nn.Module" in lines[2]
    assert "lock" in lines[3]


def test_an_interrupt_is_raised_and_leaves_no_process(folder: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("reads /proc")
    done = script(
        folder,
        """
import os, signal, threading, time
class Waits(Gate):
    def forward(self, x):
        open("begun", "w").close()
        time.sleep(300)
def interrupt():
    while not os.path.exists("begun"):
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    attncheck.audit(Waits, "tiny.toml", timeout=200)
except KeyboardInterrupt:
    print("interrupted", os.getpid())
""",
    )
    assert done.stdout.startswith("interrupted"), done.stderr
    until = time.monotonic() + 30
    while (left := _working_in(folder)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left


def _working_in(folder: Path) -> list[str]:
    """Return the processes whose working folder this is."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            if place.name.isdigit() and (place / "cwd").resolve() == folder.resolve():
                found.append(place.name)
        except OSError:
            continue
    return found


STATE = """
import os, random, sys
import numpy, torch

def state():
    torch_draws, draws = torch.get_rng_state().tolist(), random.getstate()
    return [
        torch_draws, draws, numpy.random.get_state()[1].tolist(), torch.get_default_dtype(),
        torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_num_threads(),
        torch.is_autocast_enabled("cpu"), torch.are_deterministic_algorithms_enabled(),
        list(sys.argv), os.getcwd(), list(sys.path), dict(os.environ), torch.nn.functional.relu,
    ]

class Rude(Gate):
    def __init__(self, channels):
        super().__init__(channels)
        torch.set_default_dtype(torch.float16)
        torch.manual_seed(3)
        random.seed(3)
        numpy.random.seed(3)
        os.environ["RUDE"] = "1"
        os.chdir("/")
        sys.argv.append("rude")
        sys.path.insert(0, "/rude")
class Raises(Gate):
    def forward(self, x):
        raise RuntimeError("no such thing")
class Leaves(Gate):
    def forward(self, x):
        sys.exit(5)
class Wide(Gate):
    def __init__(self, channels):
        super().__init__(3 * channels)
"""
EQUAL = (
    STATE
    + """
for thing in (Gate, lambda: Gate(6), Gate(6), Mixes, Rude, Raises, Leaves, Wide, "other.py:Gone"):
    apart = attncheck.audit(thing, "tiny.toml")
    with torch.no_grad():
        here = attncheck.audit(thing, "tiny.toml", isolate=False)
    assert here.verdict is apart.verdict
    assert here.subjects == apart.subjects, (here, apart)
    assert here.problems == apart.problems, (here.problems, apart.problems)
    print(here.verdict.value)
"""
)


def test_without_a_process_of_its_own_a_module_gets_the_same_findings(folder: Path) -> None:
    (folder / "other.py").write_text(HEAD, encoding="utf-8")
    verdicts = said(folder, EQUAL).split()
    assert verdicts[:4] == ["conforms"] * 3 + ["violates"]
    assert len(verdicts) == 9


def test_without_a_process_of_its_own_a_module_leaves_no_trace(folder: Path) -> None:
    said(
        folder,
        STATE
        + """
torch.set_default_dtype(torch.float64)
with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
    before = state()
    for thing in (Gate, Mixes, Rude, Raises):
        report = attncheck.audit(thing, "tiny.toml", isolate=False)
        assert report.subjects, report
        assert state() == before
""",
    )


def test_without_a_process_of_its_own_an_answer_comes_from_this_one(folder: Path) -> None:
    out = said(
        folder,
        """
import os
class Looks(Gate):
    def forward(self, x):
        open(f"{os.getpid()}.here", "w").close()
        return super().forward(x)
before = dict(vars(Looks))
attncheck.audit(Looks, "tiny.toml", isolate=False)
attncheck.count(Looks, "tiny.toml")
print([name for name in os.listdir() if name.endswith(".here")] == [f"{os.getpid()}.here"])
print(dict(vars(Looks)) == before)
class Stops(Gate):
    def forward(self, x):
        raise KeyboardInterrupt
try:
    attncheck.audit(Stops, "tiny.toml", isolate=False)
except KeyboardInterrupt:
    print("interrupted")
""",
    )
    assert out.split() == ["True", "True", "interrupted"]


def test_counts_and_comparisons_take_the_same_things(folder: Path) -> None:
    out = said(
        folder,
        """
print(attncheck.count(Gate(6), "tiny.toml").counts.parameters)
print(attncheck.count(lambda: Gate(6), "map", inputs=[(2, 6, 5, 4)]).counts.dims["H"])
print(attncheck.compare("se", Gate, dims={"C": 16}))
""",
    )
    parameters, height, table = out.split("\n", 2)
    assert (parameters, height) == ("42", "5")
    assert "se@reference" in table
    assert "map@Gate" in table


def test_a_report_is_read_again_and_shows_itself(tmp_path: Path) -> None:
    report = api.ShownReport(
        environment={"attncheck": "<script>alert(1)</script>"},
        subjects=[
            attncheck.SubjectReport(
                "map",
                "<img src=x onerror=alert(1)>",
                "a.py:A",
                attncheck.Verdict.VIOLATES,
                [attncheck.Finding("shape", "shape", attncheck.Status.VIOLATED, "<b>wrong</b>")],
            )
        ],
    )
    report.save(tmp_path / "report.json")
    again = attncheck.read_report(tmp_path / "report.json")
    assert again == report
    assert again.verdict is attncheck.Verdict.VIOLATES
    assert [finding.claim for finding in again.violations] == ["shape"]
    assert "shape" in repr(again)
    page = again._repr_html_()
    for live in ("<script", "<img", "<b>wrong", "<button", "http"):
        assert live not in page.replace("http://www.w3.org", "")


TEST = (
    HEAD.replace("import attncheck\n", "")
    + """
from attncheck.pytest_plugin import parametrize_with_claims

@parametrize_with_claims("tiny.toml", Gate, init={"gate_layer": nn.Hardsigmoid})
def test_it(claim):
    claim.check()

@parametrize_with_claims("tiny.toml", Configured, init={"cfg": Config(6, 2)})
def test_config(claim):
    claim.check()

@parametrize_with_claims("tiny.toml", Gate(6), claim="shape")
def test_instance(claim):
    claim.check()

@parametrize_with_claims("tiny.toml", lambda: Mixes(6), claim="batch*")
def test_lambda(claim):
    claim.check()
"""
)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_test_takes_the_same_things_whatever_the_workers(folder: Path, workers: int) -> None:
    (folder / "test_tiny.py").write_text(TEST, encoding="utf-8")
    code, out = run(folder, *(("-n", str(workers)) if workers else ()))
    assert code == 1, out
    assert set(outcomes(out).values()) == {"PASSED"}
    assert len(re.findall(r"^PASSED", out, re.M)) == 9, out
    assert re.findall(r"^FAILED \S*?::(\S+)", out, re.M) == ["test_lambda[batch-independence]"]
    assert "cumsum(0)" in out or "test_tiny.py:" in out
