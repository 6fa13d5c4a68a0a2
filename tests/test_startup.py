"""What only reads and shows never imports torch: it costs seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_RUN = """
import contextlib, io, sys
with contextlib.redirect_stdout(io.StringIO()) as out:
    {code}
assert "torch" not in sys.modules, "torch was imported"
assert {printed} or out.getvalue(), "nothing was printed"
"""


def run(code: str, *, printed: bool = False) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _RUN.format(code=code, printed=not printed)],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_importing_the_package_does_not_import_torch() -> None:
    run("import attncheck")


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["audit", "--help"],
        ["profile", "--help"],
        ["evaluate", "--help"],
        ["selftest", "--help"],
        ["figures", "--help"],
        ["list"],
        ["list", "claims"],
        ["list", "subjects"],
        ["list", "formats"],
        ["list", "devices"],
        ["explain", "gam"],
        ["explain", "shape"],
        ["env"],
    ],
    ids=" ".join,
)
def test_reading_commands_do_not_import_torch(words: list[str]) -> None:
    run(
        f"sys.argv = ['attncheck', *{words!r}]; from attncheck.cli import main; code = main(); "
        "assert not code, code",
        printed=True,
    )


def test_reports_are_read_and_shown_without_torch() -> None:
    run(
        "from attncheck.formats import all_formats; from tests.formats.sample import report; "
        "[print(f.render(report(), color=False, width=80)) for f in all_formats()]",
        printed=True,
    )


def test_reports_are_converted_merged_and_compared_without_torch(tmp_path: Path) -> None:
    from attncheck.data.report import encode
    from tests.formats.sample import report

    file = tmp_path / "a.json"
    file.write_bytes(encode(report()))
    for words in (["--format", "sarif"], [str(file)], ["--diff", str(file)]):
        run(
            f"sys.argv = ['attncheck', 'report', {str(file)!r}, *{words!r}]; "
            "from attncheck.cli import main; code = main(); assert not code, code",
            printed=True,
        )


def test_every_claim_kind_is_imported_without_torch() -> None:
    run(
        "from attncheck.probes import all_kinds, find_kind; "
        "[print(find_kind(kind)) for kind in all_kinds()]",
        printed=True,
    )


def test_the_help_needs_neither_probes_nor_specs() -> None:
    run(
        "sys.argv = ['attncheck', '--help']; from attncheck.cli import main; main(); "
        "assert 'attncheck.probes' not in sys.modules",
        printed=True,
    )
