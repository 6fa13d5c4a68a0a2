"""attncheck from Python: what can be given, and what comes back."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

import attncheck
from attncheck import api
from tests.api.script import HEAD, said
from tests.cli.command import attncheck as command


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
class Pointwise(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Conv2d(8, 8, 1)
    def forward(self, x):
        return self.mix(x)
class ECALayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(8, 2), nn.Linear(2, 8)
    def forward(self, x):
        return x * self.b(self.a(x.mean((2, 3))).relu()).sigmoid()[..., None, None]
class Locked(Gate):
    def __init__(self):
        super().__init__(4)
        self.lock = __import__("threading").Lock()
for call in (
    lambda: attncheck.audit(Pointwise()),
    lambda: attncheck.audit(ECALayer),
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
    assert kinds == ["UsageError", *["TargetError"] * 4, *["UsageError"] * 3]
    assert "no mechanism that we know" in lines[0]
    assert all(family in lines[0] for family in ("'map'", "'tokens'", "'seq2seq'"))
    assert "its name says eca, and it computes se" in lines[1]
    assert "spec='eca', or spec='se'" in lines[1]
    assert "42 makes no module" in lines[2]
    assert "no torch.nn.Module" in lines[3]
    assert "lock" in lines[4]


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
