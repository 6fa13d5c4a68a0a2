"""What the documents show is what there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.readme import README, ROOT, Shown, printed, same, shown

DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
DOCUMENTS += [f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("block", shown(), ids=lambda block: block.command)
def test_a_command_of_the_readme_prints_what_is_shown(block: Shown) -> None:
    seen = printed(block.command)
    assert same(block.output, seen), f"nox -s docs -- --update\n{seen}"


def test_left_out_lines_may_be_any() -> None:
    assert same("a\n…\nd\n", "a\nb\nc\nd\n")
    assert not same("a\n…\nd\n", "a\nb\nc\n")
    assert same("took 1.5 s\n", "took 12 s\n")


def test_the_second_command_is_what_ci_runs() -> None:
    commands = re.findall(r"```sh\n(python3 -m venv.+)\n```", README.read_text(encoding="utf-8"))
    assert len(commands) == 2, "one installs and audits, one installs and tests"
    assert commands[0].endswith("attncheck audit gam")
    assert commands[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / name).parent / target).exists(), target
    for path in re.findall(r"`((?:attncheck|specs|tests|benchmarks)/[\w./-]+)`", text):
        placeholder = re.search(r"\b(ID|KIND|NAME)\b", path.replace("_", " "))
        assert placeholder or (ROOT / path).exists(), path


def test_the_version_has_an_entry_in_the_changelog() -> None:
    from attncheck import __version__

    text = Path(ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{__version__}]" in text


def test_the_readmes_python_finds_the_line(tmp_path: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    script = tmp_path / "snippet.py"
    script.write_text(block, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script.name],
        cwd=tmp_path,
        env={**os.environ, "ATTNCHECK_HOME": str(tmp_path / "home")},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=300,
    )
    line = 1 + block[: block.index("return x * gate")].count("\n")
    assert done.stdout.startswith("batch-independence: line"), done.stderr
    assert int(re.findall(r"line (\d+)", done.stdout)[0]) in (line - 1, line)


def test_the_readmes_spec_is_one(tmp_path: Path) -> None:
    from attncheck.catalogue import load

    blocks = re.findall(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "my-gate.toml").write_text(blocks[0], encoding="utf-8")
    spec = load(str(tmp_path / "my-gate.toml"))
    assert spec.id == "my-gate"
    assert {"gate", "parameters", "shape"} <= set(spec.claims)
    assert "batch-of-one" not in spec.claims
