"""What a module is wanted for: names of several limits of use."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncheck.catalogue.kinds import limits
from attncheck.catalogue.uses import always_for, limits_for, uses
from attncheck.errors import UsageError


def write(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_a_use_is_a_name_of_several_limits_and_of_no_limit() -> None:
    assert set(uses()) == {"amp", "deploy", "train", "yolo", "hf"}
    assert not set(uses()) & set(limits())
    assert all(len(parts) > 1 for parts in uses().values())


def test_a_use_stands_for_its_limits_and_a_limit_for_itself(tmp_path: Path) -> None:
    amp, here = uses()["amp"], write(tmp_path, "")
    assert limits_for(["amp", "one-pixel"], here) == [*amp, "one-pixel"]
    assert limits_for(["one-pixel", "amp", "amp"], here) == ["one-pixel", *amp]


def test_a_project_names_its_own_uses_of_limits_and_of_uses(tmp_path: Path) -> None:
    here = write(tmp_path, '[tool.attncheck.uses]\nphone = ["amp", "one-pixel"]\n')
    assert limits_for(["phone"], here) == [*uses()["amp"], "one-pixel"]
    assert limits_for(["phone"], write(tmp_path, "")) == ["phone"]


def test_a_project_says_what_binds_without_asking(tmp_path: Path) -> None:
    assert always_for(write(tmp_path, '[tool.attncheck]\nfor = ["amp"]\n')) == ["amp"]
    (below := tmp_path / "sub").mkdir()
    assert always_for(below) == ["amp"]
    assert always_for(write(below, "[tool.ruff]\n")) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[tool.attncheck]\nfor = "amp"\n', "for is no list of names"),
        ("[tool.attncheck]\nuses = 3\n", "uses is no table"),
        ("[tool.attncheck.uses]\nphone = [3]\n", "uses.phone is no list of names"),
        ("[tool.attncheck]\nfro = []\n", "did you mean 'for'?"),
    ],
)
def test_a_table_with_mistakes_is_refused(tmp_path: Path, text: str, what: str) -> None:
    here = write(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        limits_for([*always_for(here), "phone"], here)
    assert what in str(refused.value)
