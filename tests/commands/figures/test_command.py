"""``attncheck figures``, run as a shell would."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import attncheck


def test_a_table_is_shown_with_units_counts_and_verdicts(tmp_path: Path) -> None:
    done = attncheck("figures", "ccnet", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "recalled: from memory, not seen" in done.stdout
    assert "2 per multiply-add" in done.stdout
    assert "2 published rows: 2 built, 2 agree" in done.stdout
    assert not done.stderr


def test_what_disagrees_stays_visible_and_is_no_failure(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    done = attncheck(
        "figures", "gam-imagenet/7", "--format", "json", "-o", str(out), folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == json.loads(out.read_text(encoding="utf-8"))
    row = found["tables"][0]["rows"][0]
    assert row["verdict"] == "disagrees"
    assert row["params"]["count"] == 16_049_672
    assert row["params"]["explained"] == ["cut off, not rounded"]
    assert found["totals"] == {
        "rows": 1, "built": 1, "agree": 0, "disagree": 1, "explained": 1, "not_built": 0
    }  # fmt: skip


def test_an_unknown_name_or_status_could_not_do_the_work(tmp_path: Path) -> None:
    unknown = attncheck("figures", "ccnett", folder=tmp_path)
    assert unknown.returncode == 2
    assert "did you mean 'ccnet'?" in unknown.stderr
    status = attncheck("figures", "--status", "guessed", folder=tmp_path)
    assert status.returncode == 2
    assert "read or recalled" in status.stderr


def test_rows_of_a_status_only(tmp_path: Path) -> None:
    done = attncheck("figures", "thop", "--status", "recalled", folder=tmp_path)
    assert done.returncode == 0
    assert "0 published rows" in done.stdout
