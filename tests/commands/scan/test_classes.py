"""What may hold an attention is found by reading, and nothing is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncheck.commands.scan.classes import Candidate, candidates, read_classes
from attncheck.commands.scan.places import SourceFile, sources_of
from attncheck.errors import UsageError
from attncheck.spec.kinship import named_so


def found(folder: Path, **files: str) -> dict[str, Candidate]:
    """Return the candidates of files, by their names."""
    sources = []
    for name, text in files.items():
        path = folder / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        sources.append(SourceFile(path, path.name))
    return {one.name: one for one in candidates(map(read_classes, sources))}


MODULE = "class {name}(nn.Module):\n    def forward(self, x):\n        {body}\n"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return (q @ k).softmax(-1) @ v", "attention"),
        ("return torch.bmm(F.softmax(torch.bmm(q, k), 1), v)", "attention"),
        ("return F.scaled_dot_product_attention(x, x, x)", "attention"),
        ("return x * self.fc(x.mean((2, 3))).sigmoid()", "gate"),
        ("return x.mul(torch.sigmoid(self.conv(self.avg_pool(x))))", "gate"),
    ],
)
def test_operators_tell_an_attention_and_a_gate(tmp_path: Path, body: str, kind: str) -> None:
    read = found(tmp_path, one=MODULE.format(name="Thing", body=body))
    assert read["Thing"].kind == kind
    assert read["Thing"].mechanism == ""


@pytest.mark.parametrize(
    "body",
    [
        "return x * x.sigmoid()",  # SiLU
        "return self.conv(x) + x",
        "return self.head(x).softmax(-1)",
        "return self.fc2(self.fc1(x).relu())",
        "return 2 * F.adaptive_avg_pool2d(x, 1)",
    ],
)
def test_what_has_other_operators_is_none(tmp_path: Path, body: str) -> None:
    assert not found(tmp_path, one=MODULE.format(name="Thing", body=body))


def test_a_helper_of_the_same_file_counts(tmp_path: Path) -> None:
    helper = "def attend(q, k, v):\n    return (q @ k).softmax(-1) @ v\n"
    text = helper + MODULE.format(name="Thing", body="return attend(x, x, x)")
    assert found(tmp_path, one=text)["Thing"].kind == "attention"


def test_what_is_inherited_counts_across_files(tmp_path: Path) -> None:
    base = MODULE.format(name="Base", body="return (q @ k).softmax(-1) @ v")
    child = "from .base import Base\nclass Child(Base):\n    heads = 3\n"
    assert set(found(tmp_path, base=base, child=child)) == {"Base", "Child"}


def test_a_product_of_sizes_in_the_constructor_is_no_gate(tmp_path: Path) -> None:
    text = (
        "class Thing(nn.Module):\n    def __init__(self, c):\n        self.fc = Linear(c, 4 * c)\n"
        "    def forward(self, x):\n        return self.fc(x.mean(1)).sigmoid()\n"
    )
    assert not found(tmp_path, one=text)


def test_a_class_that_is_no_module_is_none(tmp_path: Path) -> None:
    text = "class SE:\n    ratio = 4\nclass SEFunction(torch.autograd.Function):\n"
    assert not found(tmp_path, one=text + "    def forward(ctx, x):\n        return x\n")


def test_classes_inside_others_have_the_names_that_targets_take(tmp_path: Path) -> None:
    text = "class Outer:\n    class SELayer(nn.Module):\n        def forward(self, x): return x\n"
    one = found(tmp_path, one=text)["Outer.SELayer"]
    assert (one.target, one.line, one.mechanism) == ("one.py:Outer.SELayer", 2, "se")


@pytest.mark.parametrize("text", ["def broken(:", "x = '\0'", "(" * 5000])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "one.py"
    path.write_text(text, encoding="utf-8")
    assert read_classes(SourceFile(path, "one.py")).wrong


@pytest.mark.parametrize(
    ("name", "mechanism"),
    [
        *[("SE", "se"), ("SELayer", "se"), ("SEBlock", "se"), ("se_module", "se")],
        *[("ECA", "eca"), ("ECAAttention", "eca"), ("CBAM", "cbam"), ("SimAMModule", "simam")],
        *[("MultiheadAttention", "mha"), ("NonLocalBlock", "nonlocal"), ("CoordAtt", "ca")],
        *[
            ("DenseLayer", ""),
            ("Linear", ""),
            ("MHAttnBlock", ""),
            ("Attention", ""),
            ("Block", ""),
            ("LayerNorm", ""),
            ("Mlp", ""),
        ],
    ],
)
def test_a_name_speaks_of_a_mechanism_only_as_a_whole(name: str, mechanism: str) -> None:
    assert named_so(name, attends=False) == mechanism


def test_environments_and_hidden_folders_are_left_out(tmp_path: Path) -> None:
    for name in ("a.py", "deep/b.py", ".git/c.py", "venv/d.py", "__pycache__/e.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    assert [s.path.name for s in sources_of(str(tmp_path))] == ["a.py", "b.py"]


def test_a_package_is_read_by_its_dotted_names() -> None:
    prefixes = {source.prefix for source in sources_of("attncheck.published")}
    assert {"attncheck.published", "attncheck.published.article"} <= prefixes


@pytest.mark.parametrize("place", ["nothing_of_this_name", "no/such/folder", "attncheck.no_part"])
def test_what_is_not_there_is_a_mistake_of_usage(place: str) -> None:
    with pytest.raises(UsageError):
        sources_of(place)


def test_a_folder_without_python_is_a_mistake_of_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Python file"):
        sources_of(str(tmp_path))
