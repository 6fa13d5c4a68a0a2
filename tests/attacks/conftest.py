"""What every attack starts from: an empty box, and the reports of a sound and of a wrong module."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.box import Box
from tests.attacks.modules import SE, WRONG


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    place = Box(tmp_path / "box")
    yield place
    place.clear()


@pytest.fixture(scope="session")
def _audited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = Box(tmp_path_factory.mktemp("audited") / "box")
    for name, source in (("sound", SE), ("wrong", WRONG)):
        place.write("se.py", source)
        claims = ("--claim", "gate", "--claim", "equivalence", "--claim", "runs")
        place.run("audit", "se", "se.py:SE", *claims, "-o", f"{name}.json", "-q").decently(0, 1)
    return {name: place.read(f"{name}.json") for name in ("sound", "wrong")}


@pytest.fixture
def sound(_audited: dict[str, Any]) -> Any:
    """The report of a sound module, to be changed."""
    return copy.deepcopy(_audited["sound"])


@pytest.fixture
def wrong(_audited: dict[str, Any]) -> Any:
    """The report of a wrong module, to be changed."""
    return copy.deepcopy(_audited["wrong"])
