"""What is published: what the archives hold, and what they say of themselves."""

from __future__ import annotations

import email
import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from pathlib import Path

import pytest
import yaml

import attncheck
from tests.readme import ROOT

pytest.importorskip("hatchling", reason="hatchling is not installed: pip install -e '.[dev]'")

AT_THE_TOP = {
    *("ARCHITECTURE.md", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE"),
    *("PKG-INFO", "README.md", "SECURITY.md", "constraints.txt", "noxfile.py", "pyproject.toml"),
    *(".gitignore", "attncheck", "docs", "examples", "reports", "specs", "tests"),
}
JUNK = re.compile(
    r"(^|/)(__pycache__|\.git|\.venv|\.\w+_cache|build|dist|gallery)/|\.(py[co]|old|so|log)$"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the source archive and the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


@pytest.fixture(scope="module")
def source(built: Path) -> set[str]:
    """Return the names in the source archive, below its own folder."""
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    (archive,) = built.glob("*.whl")
    return zipfile.ZipFile(archive)


def about(wheel: zipfile.ZipFile) -> Message:
    (name,) = (one for one in wheel.namelist() if one.endswith(".dist-info/METADATA"))
    return email.message_from_string(wheel.read(name).decode("utf-8"))


def tracked(*folders: str) -> set[str]:
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return set(done.stdout.split("\n")) - {""}


def test_the_source_archive_holds_what_belongs_there_and_nothing_else(source: set[str]) -> None:
    assert {name.partition("/")[0] for name in source} == AT_THE_TOP
    assert not [name for name in source if JUNK.search(name)]
    if (ROOT / ".git").exists():
        folders = ("attncheck", "specs", "tests", "docs", "examples")
        there = {name for name in source if name.startswith(tuple(f"{one}/" for one in folders))}
        assert there == tracked(*folders)


def test_the_wheel_holds_the_package_its_specs_its_licence_and_no_tests(
    wheel: zipfile.ZipFile,
) -> None:
    names = set(wheel.namelist())
    assert {"attncheck/py.typed", "attncheck/specs/se.toml"} <= names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"attncheck", f"attncheck-{attncheck.__version__}.dist-info"}
    assert not [name for name in names if JUNK.search(name)]
    assert len([n for n in names if n.startswith("attncheck/specs/")]) == len(
        list((ROOT / "specs").iterdir())
    )


def test_the_package_says_what_an_index_shows(wheel: zipfile.ZipFile) -> None:
    said = about(wheel)
    assert said["License-Expression"] == "Apache-2.0"
    assert said["Author"] == "The attncheck authors"
    assert said["Requires-Python"] == ">=3.10"
    assert "Typing :: Typed" in said.get_all("Classifier", [])
    assert not [one for one in said.get_all("Classifier", []) if one.startswith("License ::")]
    urls = dict(one.split(", ", 1) for one in said.get_all("Project-URL", []))
    assert set(urls) == {"Homepage", "Documentation", "Issues", "Changelog"}
    assert {"dask", "dev"} <= set(said.get_all("Provides-Extra", []))
    assert said["Description-Content-Type"] == "text/markdown"


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert [int(n) for n in re.findall(r"^   (\d)\. [A-Z]", text, re.MULTILINE)] == [*range(1, 10)]


def test_every_place_says_the_same_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (cited["version"], cited["license"]) == (attncheck.__version__, "Apache-2.0")
    if (ROOT / ".git").exists():
        done = subprocess.run(
            ["git", "tag", "--points-at", "HEAD", "v*"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert set(done.stdout.split()) <= {f"v{attncheck.__version__}"}
