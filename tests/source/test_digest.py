"""A digest of a class is the same as long as what it computes is written alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncheck.source.digest import class_digest

SOURCE = '''
SCALE = 2

def gate(x):
    """Says what it does."""
    return x.sigmoid() * SCALE

class Base:
    def forward(self, x):
        return gate(x)  # a comment

class Gate(Base):
    """A gate."""

class Other:
    pass
'''

SAME = {
    "a comment": ("# a comment", "# another"),
    "a docstring": ("Says what it does.", "Says nothing."),
    "a class beside it": ("class Other:\n    pass", "class Other:\n    size = 3"),
    "another place": ("SCALE = 2", "\n\n\nSCALE = 2"),
}
OTHER = {
    "a helper's line": ("x.sigmoid()", "x.tanh()"),
    "a constant": ("SCALE = 2", "SCALE = 3"),
    "what it inherits": ("return gate(x)", "return x"),
}


def digest(tmp_path: Path, name: str, text: str) -> str:
    path = tmp_path / f"{name}.py"
    path.write_text(text)
    return class_digest(str(path), "Gate")


@pytest.mark.parametrize("case", [*SAME, *OTHER])
def test_a_digest_changes_with_what_is_computed(tmp_path: Path, case: str) -> None:
    old, new = {**SAME, **OTHER}[case]
    assert old in SOURCE
    first, second = digest(tmp_path, "a", SOURCE), digest(tmp_path, "b", SOURCE.replace(old, new))
    assert first
    assert (first == second) is (case in SAME)


def test_a_class_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert not digest(tmp_path, "a", "x = 1\n")
    assert not class_digest(str(tmp_path / "gone.py"), "Gate")
