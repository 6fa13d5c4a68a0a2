"""A mistake in a spec is told with file, line, what is allowed and the nearest spelling."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from attncheck.catalogue import load
from attncheck.errors import SpecError, UsageError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(textwrap.dedent(text).lstrip("\n"))
    return path


def mistake(tmp_path: Path, text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load(str(written(tmp_path, text)))
    return caught.value


def test_a_users_own_spec_works_in_any_folder(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        id = "mine"
        title = "Mine"
        family = "map"

        [dims]
        C = 24
        h = "C // 2"
        """,
    )
    spec = load(str(path))
    assert spec.id == "mine"
    assert spec.document.dims["h"] == "C // 2"
    assert "shape" in spec.claims, "the family's claims are taken over"


def test_an_unknown_key_names_line_and_nearest_spelling(tmp_path: Path) -> None:
    error = mistake(tmp_path, 'id = "mine"\ntitle = "Mine"\nfamilly = "map"\n')
    assert error.where.endswith("mine.toml:3")
    assert "unknown key 'familly'" in error.what
    assert error.instead == "did you mean 'family'?"


def test_an_unknown_key_of_a_subject_names_its_own_keys(tmp_path: Path) -> None:
    error = mistake(
        tmp_path,
        """
        id = "mine"
        title = "Mine"

        [subjects.net]
        traget = "net.py:Net"
        target = "net.py:Net"
        """,
    )
    assert error.where.endswith("mine.toml:5")
    assert error.instead == "did you mean 'target'?"


def test_a_wrong_type_names_the_line(tmp_path: Path) -> None:
    error = mistake(tmp_path, 'id = "mine"\ntitle = "Mine"\n\n[dims]\nB = 2\nC = [8]\n')
    assert error.where.endswith("mine.toml:6")
    assert "array" in error.what


def test_a_missing_title_is_told(tmp_path: Path) -> None:
    assert "title" in mistake(tmp_path, 'id = "mine"\n').what


def test_an_id_has_the_form_of_a_command_line_word(tmp_path: Path) -> None:
    error = mistake(tmp_path, 'id = "My Spec"\ntitle = "Mine"\n')
    assert error.where.endswith("mine.toml:1")


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    error = mistake(tmp_path, 'id = "mine"\ntitle = \n')
    assert error.where.endswith("mine.toml:2")
    assert "not TOML" in error.what


def test_an_unknown_claim_kind_names_the_nearest(tmp_path: Path) -> None:
    error = mistake(tmp_path, 'id = "mine"\ntitle = "Mine"\n\n[claims.shpae]\n')
    assert error.where.endswith("mine.toml:4")
    assert error.what == "unknown claim kind 'shpae'"
    assert error.instead == "did you mean 'shape'?"


def test_a_claim_of_another_name_states_its_kind(tmp_path: Path) -> None:
    path = written(tmp_path, 'id = "mine"\ntitle = "Mine"\n[claims.same-size]\nkind = "shape"\n')
    assert load(str(path)).claims["same-size"].kind == "shape"


def test_an_unknown_parameter_of_a_claim_is_refused(tmp_path: Path) -> None:
    error = mistake(tmp_path, 'id = "mine"\ntitle = "Mine"\n\n[claims.shape]\noutptu = "B C"\n')
    assert error.where.endswith(("mine.toml:4", "mine.toml:5"))
    assert "unknown key `outptu`" in error.what
    assert error.instead == "did you mean 'output'?"


def test_a_wrong_type_of_a_claims_parameter_is_refused(tmp_path: Path) -> None:
    error = mistake(tmp_path, 'id = "mine"\ntitle = "Mine"\n\n[claims.shape]\noutput = 3\n')
    assert "claim 'shape'" in error.what
    assert "str" in error.what


def test_a_formula_that_names_an_unknown_dim_names_the_line(tmp_path: Path) -> None:
    error = mistake(
        tmp_path, 'id = "mine"\ntitle = "Mine"\n\n[dims]\nchannels = 8\nh = "chanels // 2"\n'
    )
    assert error.where.endswith("mine.toml:6")
    assert "'chanels'" in error.what
    assert error.instead == "did you mean 'channels'?"


def test_a_condition_that_names_an_unknown_dim_names_the_line(tmp_path: Path) -> None:
    error = mistake(
        tmp_path, 'id = "mine"\ntitle = "Mine"\n\n[dims]\nC = 8\n\n[domain]\nC = "C >= rr"\n'
    )
    assert error.where.endswith("mine.toml:8")


def test_a_claims_formula_that_names_an_unknown_option_names_the_line(tmp_path: Path) -> None:
    error = mistake(
        tmp_path,
        'id = "mine"\ntitle = "Mine"\n\n[dims]\nC = 8\n\n[options]\nbias = [true, false]\n\n'
        '[claims.parameters]\nformula = "C*C + bais*C"\n',
    )
    assert error.where.endswith("mine.toml:10")
    assert error.what == "claim 'parameters': 'bais' is neither a dim nor an option"
    assert error.instead == "did you mean 'bias'?"


def test_a_formula_with_forbidden_syntax_names_the_line(tmp_path: Path) -> None:
    error = mistake(tmp_path, 'id = "mine"\ntitle = "Mine"\n\n[dims]\nC = "__import__(1)"\n')
    assert error.where.endswith("mine.toml:5")


def test_an_unknown_family_is_told(tmp_path: Path) -> None:
    error = mistake(tmp_path, 'id = "mine"\ntitle = "Mine"\nfamily = "maps"\n')
    assert error.where.endswith("mine.toml:3")
    assert error.instead == "did you mean 'map'?"


def test_a_waiver_of_no_claim_is_told(tmp_path: Path) -> None:
    error = mistake(
        tmp_path,
        """
        id = "mine"
        title = "Mine"
        family = "map"

        [waives]
        shap = "it returns a vector"
        """,
    )
    assert error.where.endswith("mine.toml:6")
    assert error.instead == "did you mean 'shape'?"


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'simam'"):
        load("siman")


def test_a_missing_file_is_told() -> None:
    with pytest.raises(UsageError, match="no such spec file"):
        load("nowhere/mine.toml")
