"""``attncheck scan`` on live models: each attention in place, alike ones once, the rest said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import attncheck

NETS = Path(__file__).parents[1] / "commands" / "scan" / "live" / "nets.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live")
    shutil.copy(NETS, folder)
    return folder


def scanned(folder: Path, *words: str) -> tuple[int, str, dict[str, Any]]:
    """Return the exit status, the screen, and the report."""
    run = attncheck("scan", *words, "-o", "s.json", folder=folder, COLUMNS="160")
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, run.stdout, json.loads((folder / "s.json").read_text())


def groups_of(report: dict[str, Any]) -> list[tuple[str, int, str, str, str]]:
    """Return class, number of places, mechanism, how it is known and verdict of each group."""
    return [
        (
            group["name"],
            len(group.get("places", [])),
            group.get("mechanism", ""),
            group.get("known", "unknown"),
            report["subjects"][group["subject"]]["verdict"] if "subject" in group else "",
        )
        for group in report["scan"]["groups"]
    ]


RIGHT = {
    "se_resnet()": [("SqueezeExcite", 2, "se", "proven", "conforms")] * 2,
    "se_resnet(width=32)": [("SqueezeExcite", 2, "se", "proven", "conforms")] * 2,
    "shared_resnet()": [("SqueezeExcite", 2, "se", "proven", "conforms")] * 2,
    "ViT()": [("MultiHeadAttention", 2, "mha", "proven", "conforms")],
    "GPT(depth=3)": [("CausalSelfAttention", 3, "causal", "proven", "conforms")],
    "TorchEncoder()": [("MultiheadAttention", 1, "mha", "proven", "conforms")],
}


@pytest.mark.parametrize("model", RIGHT)
def test_each_attention_is_found_alike_ones_once_and_proven_in_place(
    folder: Path, model: str
) -> None:
    code, _, report = scanned(folder, f"nets.py:{model}")
    assert groups_of(report) == RIGHT[model]
    assert code == 0


def test_the_parts_of_an_attention_are_found_with_the_whole(folder: Path) -> None:
    code, screen, report = scanned(folder, "nets.py:cbam_resnet()", "--tree")
    found = groups_of(report)
    assert found.count(("CBAM", 2, "cbam", "proven", "conforms")) == 2
    assert ("SpatialGate", 4, "cbam-spatial", "proven", "conforms") in found
    assert code == 0
    assert screen.count("attn CBAM  cbam, proven") == 4


def test_what_has_the_name_of_another_papers_block_is_not_accused(folder: Path) -> None:
    code, screen, report = scanned(folder, "nets.py:bottlenecks()")
    assert groups_of(report) == [
        ("Bottleneck", 1, "", "unknown", ""),
        ("SqueezeExcite", 1, "se", "proven", "conforms"),
    ]
    assert "nothing but its name says bottleneck" in screen
    assert code == 0  # no attention, and none was promised


def test_an_attention_whose_name_says_nothing_is_known_by_what_it_computes(folder: Path) -> None:
    code, _, report = scanned(folder, "nets.py:Fused()", "--input", "2x9x3")
    assert groups_of(report) == [("Mixer", 1, "mha", "proven", "conforms")]
    assert code == 0


def test_a_fault_is_found_in_place_on_its_line(folder: Path) -> None:
    code, screen, report = scanned(folder, "nets.py:ViT(scale=False)")
    assert code == 1
    assert groups_of(report) == [("MultiHeadAttention", 2, "mha", "departs", "violates")]
    line = next(n for n, t in enumerate(NETS.read_text().splitlines(), 1) if "scores = q @ k" in t)
    assert f"nets.py:{line}" in screen
    told = screen.splitlines()[-1]
    assert told.endswith("attncheck audit mha 'nets.py:ViT(scale=False)#layers.0.attn'")
    again = attncheck("audit", "mha", "nets.py:ViT(scale=False)#layers.0.attn", folder=folder)
    assert again.returncode == 1
    assert "no division" in again.stdout


def test_a_violation_of_a_part_is_replayed(folder: Path) -> None:
    _, _, report = scanned(folder, "nets.py:ViT(scale=False)")
    broken = [f for f in report["subjects"][0]["findings"] if f["status"] == "violated"]
    run = attncheck("replay", broken[0]["id"], folder=folder)
    assert run.returncode == 1, run.stdout + run.stderr


def test_a_part_alone_is_scanned_as_the_whole_calls_it(folder: Path) -> None:
    _, _, report = scanned(folder, "nets.py:se_resnet()#stage2.1.attn")
    assert groups_of(report) == [("SqueezeExcite", 1, "se", "proven", "conforms")]
    assert report["subjects"][0]["dims"]["C"] == 32


def test_a_stated_input_is_the_whole_models(folder: Path) -> None:
    _, _, report = scanned(folder, "nets.py:GPT()", "--input", "3x11")
    assert report["scan"]["models"][0]["inputs"] == ["3x11"]
    assert report["subjects"][0]["dims"]["N"] == 11


BAD = {
    "broken()": "building it raises FileNotFoundError: weights.pt",
    "Pretrained()": "attncheck downloads nothing",
    "Strange()": "no input that we can think of works on forward(graph)",
    "endless()": "no answer in",
    "nothing()": "no 'nothing' in nets.py",
    "se_resnet()#stage9": "it has no submodule 'stage9'",
}


@pytest.mark.parametrize("model", BAD)
def test_what_cannot_be_built_or_called_is_one_line_and_the_rest_is_whole(
    folder: Path, model: str
) -> None:
    code, screen, report = scanned(
        folder, f"nets.py:{model}", "nets.py:TorchEncoder()", "--timeout", "10"
    )
    assert code == 3
    lines = [line for line in screen.splitlines() if BAD[model][:30] in line]
    assert len(lines) == 1
    assert len(report["scan"]["unread"]) == 1
    assert [group[-1] for group in groups_of(report)] == ["conforms"]


def test_nothing_but_what_cannot_be_built_is_work_not_done(folder: Path) -> None:
    assert scanned(folder, "nets.py:broken()")[0] == 2


def test_arguments_are_literals(folder: Path) -> None:
    run = attncheck("scan", "nets.py:se_resnet(width=__import__('os'))", folder=folder)
    assert run.returncode == 2
    assert "the arguments of a live model are Python literals" in run.stderr


def test_an_input_without_a_live_model_is_a_mistake_of_usage(folder: Path) -> None:
    run = attncheck("scan", "nets.py", "--input", "2x3x8x8", folder=folder)
    assert run.returncode == 2
    assert "name what builds it" in run.stderr


def test_a_decoder_that_hears_the_future_is_found_whatever_its_name(folder: Path) -> None:
    shutil.copy(NETS.with_name("decoders.py"), folder)
    places = [f"decoders.py:{name}()" for name in ("plain", "biased", "named")]
    status, screen, report = scanned(folder, *places, "--input", "2x9")
    assert status == 1
    name, places, _, known, verdict = groups_of(report)[0]
    assert (name, places, known, verdict) == ("RotaryMixer", 2, "proven", "conforms")
    assert [(group[0], group[-1]) for group in groups_of(report)[1:]] == [
        ("BiasedMixer", "violates"),
        ("RotaryAttention", "violates"),
    ]
    for subject in report["subjects"][1:]:
        assert any("hear later" in f.get("message", "") for f in subject["findings"])
    assert "attncheck audit" in screen
