"""What a corpus says is read as it is meant, and what it leaves out is not made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncheck.commands.evaluate.corpus import CorpusEntry, read
from attncheck.commands.evaluate.tasks import family_of, plan
from attncheck.errors import UsageError

FAULTY = """
- id: one
  file: one.py
  class: One
  spec: se
  init: { channels: 8 }
  inputs: [[2, 8, 3, 4]]
  fault_class: gradient_cut
  fault_lines: [7]
- id: two
  file: two.py
  class: Two
  spec: mha
  init: { dim: 8, heads: 2 }
  inputs: [[2, 5, 8], { shape: [2, 5], kind: pad_true }]
  fault_class: mask_inverted
  fault_lines: [9, 10]
"""
OTHER = """
- { id: one, file: one.py, class: One, spec: se, inputs: [[2, 8, 3, 4]] }
- { id: three, file: three.py, class: Three, spec: no-such-spec, inputs: [[2, 8, 3, 4]] }
"""
PACKAGES = """
- id: far
  package: not-there
  target: not_there_at_all.attention:Block
  init: { shape: [3, 4] }
  tuple_args: [shape]
  inputs: [[2, 8, 3, 4]]
  verdict: ok
- id: near
  target: torch.nn:Conv2d
  init: { in_channels: 8, out_channels: 8, kernel_size: [3, 3], padding: 1 }
  tuple_args: [kernel_size]
  inputs: [[2, 8, 3, 4]]
  verdict: ok
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("faulty", FAULTY), ("others", OTHER), ("packages", PACKAGES)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "faulty").mkdir()
    return tmp_path


def named(folder: Path) -> dict[str, list[CorpusEntry]]:
    found: dict[str, list[CorpusEntry]] = {}
    for entry in read([folder]):
        found.setdefault(entry.role, []).append(entry)
    return found


def test_roles_follow_from_what_is_said(folder: Path) -> None:
    roles = {role: [entry.id for entry in entries] for role, entries in named(folder).items()}
    assert roles == {
        "faulty": ["one", "two"],
        "repaired": ["one"],
        "good": ["three"],
        "package": ["far", "near"],
    }


def test_modules_lie_in_the_folder_of_the_files_name_or_beside_it(folder: Path) -> None:
    assert named(folder)["faulty"][0].folder == str(folder / "faulty")
    assert named(folder)["good"][0].folder == str(folder)


def test_a_mask_keeps_its_meaning(folder: Path) -> None:
    assert named(folder)["faulty"][1].texts() == ["2x5x8", "2x5:pad-true"]


def test_without_its_spec_an_entry_is_held_against_its_family(folder: Path) -> None:
    planned = plan(named(folder)["good"][0])
    assert planned.spec is not None
    assert (planned.spec.id, planned.own) == ("map", False)


@pytest.mark.parametrize(
    ("inputs", "family"),
    [
        ([[2, 8, 3, 4]], "map"),
        ([[2, 5, 8]], "tokens"),
        ([[2, 5, 8], {"shape": [2, 5], "kind": "valid_true"}], "tokens"),
        ([[2, 5, 8], [2, 7, 8], [2, 7, 8]], "seq2seq"),
    ],
)
def test_the_family_follows_from_the_inputs(inputs: list, family: str) -> None:  # type: ignore[type-arg]
    assert family_of(CorpusEntry(id="x", inputs=inputs)) == family


def test_a_package_that_is_not_installed_is_left_out_and_said_so(folder: Path) -> None:
    far, near = (plan(entry) for entry in named(folder)["package"])
    assert far.task is None
    assert "not-there is not installed" in far.left_out
    assert near.task is not None
    assert near.task.job.arguments["kernel_size"] == {"python literal": "(3, 3)"}


def test_what_is_no_corpus_is_said_so(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("- { id: 3 }", encoding="utf-8")
    for path in (wrong, tmp_path / "absent.yaml"):
        with pytest.raises(UsageError):
            read([path])
    wrong.write_text("- { id: x }", encoding="utf-8")
    with pytest.raises(UsageError, match="neither file and class nor a target"):
        read([wrong])


def test_a_vector_is_an_input_where_its_own_spec_says_so() -> None:
    """The query of additive attention is a decoder's one state."""
    entry = CorpusEntry(
        id="x", file="x.py", class_="X", spec="bahdanau", inputs=[[2, 8], [2, 5, 8]]
    )
    assert plan(entry).own
    entry.spec = "no-such-spec"
    assert "neither maps nor sequences" in plan(entry).left_out
