"""`list` and `explain` say what there is, from the specs and probes themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncheck.commands.explain import LISTS, environment_page, explain, listing
from attncheck.errors import UsageError
from attncheck.formats import render_page
from attncheck.probes import all_kinds


def text_of(name: str, width: int = 100) -> str:
    return render_page(explain(name), color=False, width=width)


@pytest.mark.parametrize("what", LISTS)
def test_every_list_has_rows_that_fit(what: str) -> None:
    page = listing(what)
    table = page.sections[0].table
    assert table is not None
    assert table.rows
    assert max(map(len, render_page(page, color=False, width=80).splitlines())) <= 80


def test_an_unknown_list_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'claims'"):
        listing("claim")


@pytest.mark.parametrize("kind", list(all_kinds()))
def test_every_claim_kind_has_its_page(kind: str) -> None:
    text = text_of(kind)
    for heading in ("What it checks", "Why it matters", "Example"):
        assert heading in text, f"the docstring of '{kind}' lacks '## {heading}'"


def test_a_kinds_page_names_parameters_and_specs() -> None:
    text = text_of("shape")
    assert "output" in text
    assert "Claimed by" in text
    assert "  map" in text


def test_a_specs_page_says_every_claim() -> None:
    text = text_of("gam")
    for word in ("Global attention", "arXiv:2112.05561", "Claims", "Dims", "article", "reference"):
        assert word in text


def test_a_spec_is_found_by_alias_and_by_file(tmp_path: Path) -> None:
    assert "Criss-cross" in text_of("ccnet")
    own = tmp_path / "mine.toml"
    own.write_text('id = "mine"\ntitle = "My own"\nfamily = "map"\n[waives]\nshape = "a vector"\n')
    text = text_of(str(own))
    assert "My own" in text
    assert "Waived" in text
    assert "a vector" in text


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'reach'"):
        explain("raech")


def test_an_environment_is_a_table() -> None:
    text = render_page(environment_page({"a": 1, "b": {"c": [1, 2]}}), color=False, width=80)
    assert text == "a    1\nb c  1, 2\n"
