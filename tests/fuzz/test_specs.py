"""A spec of a stranger is read, or refused in words: nothing else, within seconds and bytes."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given

from attncheck.auditing.request import Asked
from attncheck.auditing.select import select
from attncheck.catalogue import load
from attncheck.commands.explain import explain
from attncheck.errors import AttncheckError
from attncheck.formats import render_page
from tests.fuzz.budget import FUZZED, bounded
from tests.fuzz.documents import documents


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("specs") / "spec.toml"


@FUZZED
@given(data=documents())
def test_a_spec_is_read_or_refused_in_words(place: Path, data: bytes) -> None:
    place.write_bytes(data)
    for use in (_selected, _explained):
        with bounded(), contextlib.suppress(AttncheckError):
            use(str(place))


def _selected(name: str) -> None:
    select(name, "m.py:Module", Asked(dims={"C": 8}))
    spec = load(name)
    for subject in ("reference", *spec.document.subjects):
        select(f"{name}@{subject}" if "@" not in name else name, "", Asked())


def _explained(name: str) -> None:
    render_page(explain(name), color=False, width=80)
