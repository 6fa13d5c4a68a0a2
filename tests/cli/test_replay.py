"""A violation is stored, and can be seen again by its id until it is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncheck.report import decode
from tests.cli.command import FINE, attncheck, spec_with


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Audit a module that changes the shape, from a folder of its own."""
    folder = tmp_path_factory.mktemp("replay")
    (folder / "fine.py").write_text(FINE, encoding="utf-8")
    spec_with(folder, {})
    done = attncheck("audit", "tiny.toml", "fine.py:Pools", "-o", "a.json", "-q", folder=folder)
    assert done.returncode == 1, done.stderr
    return folder


@pytest.fixture(scope="module")
def finding(folder: Path) -> str:
    report = decode((folder / "a.json").read_bytes())
    return next(f.id for f in report.subjects[0].findings if f.claim == "shape")


def test_it_is_violated_still(folder: Path, finding: str) -> None:
    done = attncheck("replay", finding[:5], folder=folder)
    assert done.returncode == 1, done.stderr
    assert "still violated" in done.stdout
    assert finding in done.stdout


def test_it_is_violated_still_by_the_report_and_from_elsewhere(folder: Path, finding: str) -> None:
    done = attncheck("replay", f"a.json:{finding[:4]}", folder=folder)
    assert done.returncode == 1, done.stderr
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    done = attncheck("replay", finding, folder=elsewhere, ATTNCHECK_HOME=str(folder / "home"))
    assert done.returncode == 1, done.stderr


def test_it_is_violated_no_longer_once_mended(folder: Path, finding: str) -> None:
    file = folder / "fine.py"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace(".mean((2, 3), keepdim=True)", ""), encoding="utf-8")
    try:
        done = attncheck("replay", finding, folder=folder)
    finally:
        file.write_text(before, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no longer violated" in done.stdout


def test_its_target_is_gone(folder: Path, finding: str) -> None:
    file = folder / "fine.py"
    file.rename(folder / "moved.py")
    try:
        done = attncheck("replay", finding, folder=folder)
    finally:
        (folder / "moved.py").rename(file)
    assert done.returncode == 2
    assert "the target is gone: no such file" in done.stderr
