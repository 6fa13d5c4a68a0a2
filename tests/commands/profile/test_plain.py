"""A profile of any module: what is measured of a call that no spec describes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from attncheck.commands.profile.plain import plain_costs, plain_point
from attncheck.commands.profile.questions import RowAsked
from attncheck.commands.profile.wanted import Plan, Wanted, plans
from attncheck.devices import open_device
from attncheck.errors import UsageError
from tests.cli.command import attncheck

FOLDER = Path(__file__).parents[1] / "count"


def plan_of(target: str, *inputs: str, **more: object) -> Plan:
    wanted = replace(Wanted(inputs=inputs), **more)  # type: ignore[arg-type]
    (found,) = plans([f"{FOLDER}/{target}"], wanted)
    return found


def test_a_list_of_maps_is_measured_forward_and_backward() -> None:
    plan = plan_of("forms.py:Head", "[2x4x8x8,2x8x4x4,2x16x2x2]", backward=True)
    (row,) = plan.measure.rows
    found = plain_costs(plan.audit.job, plan.measure, row, open_device("cpu"))
    assert found.input == "[2x4x8x8,2x8x4x4,2x16x2x2]"
    assert found.macs == 2 * 6 * (64 * 4 + 16 * 8 + 4 * 16)
    assert found.dims == {"B": 2}
    assert found.peak_bytes == 4 * 2 * 6 * (64 + 16 + 4)
    assert found.peak_backward_bytes
    assert not found.why


def test_a_point_has_the_precision_and_the_layout_that_are_asked_for() -> None:
    plan = plan_of("forms.py:SmallResNet", "2x3x16x16")
    row = RowAsked(None, None, "bfloat16", False, True)
    made = plain_point(plan.audit.job, row, "cpu", train=True)
    (x,) = made.positional
    assert x.dtype == made.module.stem.weight.dtype == torch.bfloat16
    assert x.is_contiguous(memory_format=torch.channels_last)
    made.step()
    assert all(leaf.grad is None for leaf in made.leaves)


def test_what_is_called_as_it_is_written_is_not_audited() -> None:
    plan = plan_of("forms.py:SmallGPT()")
    assert (plan.audit.claims, plan.audit.job.plain) == ({}, True)
    with pytest.raises(UsageError, match="vary what a spec describes"):
        plan_of("forms.py:SmallGPT()", sizes=(8, 16))


def test_the_command_predicts_a_model_of_indices(tmp_path: Path) -> None:
    words = ["--input", "3x7", "--input", "3x5", "--device", "meta", "-q", "--format", "json"]
    done = attncheck("profile", f"{FOLDER}/forms.py:Translate", *words, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    (subject,) = json.loads(done.stdout)["subjects"]
    (row,) = subject["profile"]["rows"]
    assert row["macs"] == 3 * (2 * 5 * 7 * 8 + 5 * 8 * 200)
    assert row["peak_bytes"] > 4 * 3 * 5 * 200
    assert subject["verdict"] == "counted"
