"""What a model hands to its parts: tables made anew, masks by what they hide, the rest as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from attncheck.auditing.decide import decide
from attncheck.catalogue import load
from attncheck.data.report import Finding
from attncheck.errors import TargetError
from attncheck.signature.convention import GivenInput
from attncheck.signature.kept import kept_dims
from attncheck.signature.live_target import live_target
from attncheck.subject.handed import given_to
from attncheck.subject.live import taken_out
from attncheck.subject.prepare import Request, prepare
from attncheck.subject.shorter import shortened
from attncheck.subject.subject import Subject
from attncheck.subject.tables import made_value, table_text

DECODERS = Path(__file__).parents[1] / "commands" / "scan" / "live" / "decoders.py"


def part_of(model: str, spec: str) -> Subject:
    """Return the first layer of a decoder as its model calls it."""
    target = live_target(f"{DECODERS}:{model}#layers.0")
    assert target is not None
    factory, given = taken_out(target, None, ["2x9"])
    document = load(spec).document
    asked = Request("layer", target.text, factory, arguments=factory.options, inputs=given)
    subject, failure = prepare(document, asked)
    assert failure is None, failure
    return subject


def finding(subject: Subject, name: str) -> Finding:
    return decide(name, load(subject.spec.id).claims[name], subject)


def tables(length: int, width: int, base: float, *, pairs: bool = False) -> tuple[Tensor, Tensor]:
    rates = base ** (-torch.arange(0, width, 2).float() / width)
    angles = torch.arange(length)[:, None] * rates
    angles = angles.repeat_interleave(2, -1) if pairs else angles.repeat(1, 2)
    return angles.cos()[None], angles.sin()[None]


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize(("width", "base"), [(8, 10000.0), (16, 500000.0), (2, 10000.0)])
def test_a_rotary_table_is_known_by_what_it_holds(width: int, base: float, *, pairs: bool) -> None:
    seen = tables(9, width, base, pairs=pairs)
    text = table_text(seen)
    assert text.startswith("cos and sin")
    assert f"of {width}, base" in text
    assert table_text(seen[::-1]).startswith("sin and cos")
    longer = made_value(text, {"N": 12, "B": 2}, torch.float64, "cpu")
    wanted = tables(12, width, base, pairs=pairs)
    for one, other in zip(longer, wanted, strict=True):
        assert torch.allclose(one, other.double(), atol=1e-5)


def test_what_only_resembles_a_table_is_none() -> None:
    cos, sin = tables(9, 8, 10000.0)
    assert table_text((cos * 1.1, sin * 1.1)) == ""
    assert table_text((cos, sin.roll(1, -1))) == ""
    assert table_text(torch.arange(9)[None] + 3) == ""
    assert table_text(torch.arange(9)[None]).startswith("position ids")


class Masked(nn.Module):
    def forward(self, x: Tensor, mask: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        return x


@pytest.mark.parametrize(
    ("mask", "meaning"),
    [
        (torch.ones(5, 5, dtype=torch.bool).tril(), "valid-true"),
        (torch.ones(5, 5, dtype=torch.bool).triu(1), "pad-true"),
        (torch.full((5, 5), float("-inf")).triu(1), "additive"),
        (torch.ones(2, 5), "valid-01"),
    ],
)
def test_a_mask_means_what_it_shows(mask: Tensor, meaning: str) -> None:
    x = torch.zeros(2, 5, 8)
    assert list(given_to(Masked(), [x], {"mask": mask}))[1] == GivenInput(
        tuple(mask.shape), "mask", meaning
    )


def test_what_nothing_explains_is_handed_over_as_it_is() -> None:
    x, odd = torch.zeros(2, 5, 8), torch.tensor([[True, False], [False, False]])
    held = [one for one in given_to(Masked(), [x], {"mask": odd, "bias": (odd, 3)}) if one.held]
    assert [one.name for one in held] == ["mask", "bias"]


def test_the_numbers_of_a_config_are_the_instances_own() -> None:
    subject = part_of("plain()", "gqa")
    assert (subject.dims["heads"], subject.dims["kv_heads"]) == (4, 2)
    layer = nn.Linear(3, 3)
    layer.num_heads = 3  # type: ignore[assignment]
    assert kept_dims(layer, {"heads": 6, "C": 12}, {}) == {"heads": 3}


@pytest.mark.parametrize("model", ["plain()", "plain(base=500.0)", "masked()"])
def test_a_decoders_layer_is_proven_with_the_tables_of_its_model(model: str) -> None:
    assert finding(part_of(model, "gqa"), "equivalence").status == "holds"


def test_a_table_of_tokens_is_no_part_of_a_maps_call() -> None:
    with pytest.raises(TargetError, match="cannot tell"):
        part_of("plain()", "map")


def test_a_layer_that_loses_causality_in_its_model_is_found() -> None:
    found = finding(part_of("biased()", "tokens"), "cache")
    assert found.status == "violated"
    assert (
        "hands it 'cache' and no mask that hides, and its tokens hear later ones" in found.message
    )


@pytest.mark.parametrize("model", ["plain()", "masked()", "biased_and_masked()"])
def test_a_layer_that_decodes_rightly_is_accused_of_nothing(model: str) -> None:
    assert finding(part_of(model, "tokens"), "cache").status in ("holds", "undecided")


class Mean(nn.Module):
    """Takes any length, unless it holds a table of it, or says how long its windows are."""

    def __init__(self, places: int = 0, window_size: int = 0) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(places, 8)) if places else None
        self.window_size = window_size

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(1, keepdim=True) + (0 if self.table is None else self.table)


def test_long_inputs_are_made_short_where_that_is_no_other_layer() -> None:
    given = [GivenInput((2, 197, 8))]
    assert shortened(Mean(), given) == [GivenInput((2, 13, 8))]
    assert shortened(Mean(window_size=40), given) == [GivenInput((2, 61, 8))]
    assert shortened(Mean(places=197), given) == given
    assert shortened(nn.Conv2d(64, 64, 3, padding=1), [GivenInput((2, 64, 56, 56))]) == [
        GivenInput((2, 64, 14, 14))
    ]
    assert shortened(nn.Conv2d(64, 64, 3), [GivenInput((2, 64, 56, 56))]) == [
        GivenInput((2, 64, 56, 56))
    ]


def test_a_mask_of_no_sample_and_no_head_hides_what_is_later() -> None:
    mask = made_value("what is later hidden, additive (1 1 N N)", {"N": 3}, torch.float64, "cpu")
    assert mask.shape == (1, 1, 3, 3)
    assert torch.equal(mask.isinf()[0, 0], torch.ones(3, 3).triu(1).bool())
