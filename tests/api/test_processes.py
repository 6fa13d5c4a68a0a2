"""attncheck from Python: processes of its own, this one alone, and those of a test run."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest

from tests.api.script import HEAD, said, script
from tests.pytest_plugin.test_claims_as_tests import outcomes, run


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
        stated = dict(init={"channels": 4}, inputs=[(2, 4, 5, 6)])
        report = attncheck.audit(thing, "tiny.toml", isolate=False, **stated)
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
