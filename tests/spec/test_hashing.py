"""The hash of a spec: what it demands, not how it is told or where it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncheck.catalogue import load_file
from attncheck.spec.hashing import spec_hash

SPEC = """
id = "mine"
title = "Mine"
family = "map"

[claims.reach]
positions = "all"

[subjects.other]
target = "other.py:Other"
"""


def hashed(folder: Path, text: str, subject: str = "Gate") -> str:
    folder.mkdir(exist_ok=True)
    (path := folder / "mine.toml").write_text(text)
    return spec_hash(load_file(path).document, subject)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "Mine"', 'title = "Ours" # renamed'),
        ("[subjects.other]", "[subjects.another]"),
        ("[claims.reach]", "\n[claims.reach]"),
    ],
)
def test_words_for_people_do_not_change_it(tmp_path: Path, old: str, new: str) -> None:
    before = hashed(tmp_path / "a", SPEC)
    assert hashed(tmp_path / "b", SPEC.replace(old, new)) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('positions = "all"', 'positions = "self"'),
        ("[claims.reach]", "[claims.reach]\nrequired = false"),
        ('family = "map"', 'family = "map"\n[dims]\nC = 8'),
        ('family = "map"', 'family = "map"\n[waives]\nany-size = "a fixed size"'),
    ],
)
def test_what_is_demanded_changes_it(tmp_path: Path, old: str, new: str) -> None:
    assert hashed(tmp_path, SPEC.replace(old, new)) != hashed(tmp_path, SPEC)


def test_what_is_demanded_of_another_subject_does_not_change_it(tmp_path: Path) -> None:
    changed = SPEC.replace("other.py", "elsewhere.py")
    assert hashed(tmp_path, changed) == hashed(tmp_path, SPEC)
    assert hashed(tmp_path, changed, "other") != hashed(tmp_path, SPEC, "other")
