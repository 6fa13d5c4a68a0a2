"""A folder with a small spec, for scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import spec_with


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    spec_with(tmp_path, {})
    return tmp_path
