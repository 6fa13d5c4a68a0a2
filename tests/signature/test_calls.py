"""Calls of other forms: stated axes and flags, tables, masks, volumes, found by trying."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from attncheck.errors import UsageError
from attncheck.signature.inputs import parse_input
from attncheck.subject.trial import Trial
from tests.attention import Attention, CrossAttention
from tests.deciding import finding_of, subject_of


class Flagged(Attention):
    def forward(self, x: Tensor, causal: bool = False, scale: float | None = None) -> Tensor:
        assert causal is True
        assert scale == 0.5
        return self.attend(x, x)


class Starred(Attention):
    def forward(self, *args: Tensor, context: Tensor | None = None) -> Tensor:
        assert context is None
        return self.attend(args[0], args[0])


class OneSample(Attention):
    """Takes (N, C)."""

    def forward(self, x: Tensor) -> Tensor:
        n, c = x.shape
        return self.attend(x[None], x[None])[0].reshape(n, c)


class CutHeads(nn.Module):
    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        _, _, _, d = q.shape
        return (q @ k.mT / d**0.5).softmax(-1) @ v


class Frames(Attention):
    """Takes (B, T, N, C) and attends over both."""

    def forward(self, x: Tensor) -> Tensor:
        b, t, n, c = x.shape
        flat = x.reshape(b, t * n, c)
        return self.attend(flat, flat).reshape(b, t, n, c)


class OnMaps(Attention):
    """Takes (B, C, H, W) and attends over both sides."""

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        flat = x.flatten(2).mT
        return self.attend(flat, flat).mT.reshape(b, c, h, w)


class SidesTurned(OnMaps):
    """Puts its positions back column by column."""

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        return super().forward(x).reshape(b, c, w, h).mT


class Volume(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x * self.conv(x).sigmoid()
        return out


class Sides(Attention):
    def forward(self, x: Tensor, H: int, W: int) -> Tensor:
        assert x.shape[1] == H * W
        return self.attend(x, x)


class Additive(CrossAttention):
    """Takes keys and values apart, under a contract that knows one memory."""

    def forward(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        return super().forward(query, keys + 0 * values)


class Guided(nn.Module):
    def __init__(self, channels: int, guide_dim: int = 16) -> None:
        super().__init__()
        self.guide = nn.Linear(guide_dim, channels)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        return x * self.guide(guide.mean(1))[:, :, None, None].sigmoid()


class Turned(Attention):
    """Halves are turned; the tables come from outside, in the form that ``rank`` says."""

    narrow = False

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        assert cos.shape == sin.shape
        assert cos.shape[-1] == x.shape[-1] // self.heads // (2 if self.narrow else 1)
        return self.attend(x * cos.mean(), x * (1 + sin.mean()))


class Narrow(Turned):
    narrow = True


class Positions(Attention):
    def forward(self, x: Tensor, position_ids: Tensor) -> Tensor:
        assert position_ids.dtype == torch.int64
        assert position_ids.shape == x.shape[:2]
        return self.attend(x, x)


class Masked(Attention):
    """Needs a mask although its default is None; ``meaning`` says of what kind."""

    meaning = "valid-01"

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        assert mask is not None
        assert mask.dim() == 3
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        scores = q @ k.mT * self.scale(q)
        if self.meaning == "additive":
            scores = scores + mask[:, None]
        else:
            hidden = mask == (0 if self.meaning.startswith("valid") else 1)
            scores = scores.masked_fill(hidden[:, None], -1e9)
        return self.o((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class MaskAdded(Masked):
    meaning = "additive"


class MaskPads(Masked):
    meaning = "pad-true"


def said(factory: Any, spec: str, *inputs: str, **arguments: Any) -> str:
    """Return the call that works, as the report names it, after one run of it."""
    subject = subject_of(factory, spec, inputs=inputs, **arguments)
    trial = Trial(subject, subject.base())
    assert tuple(trial.run(trial.module(), trial.inputs()).shape) == trial.sizes(trial.output_axes)
    return subject.convention.describe()


def test_stated_axes_are_the_order_of_the_input() -> None:
    call = said(nn.MultiheadAttention, "mha", "NBC:7x3x48", "NBC:9x3x48", "NBC:9x3x48")
    assert call == "qkv(query, key, value), time-major"
    subject = subject_of(Attention, "mha", inputs=("BCN:2x48x7",))
    assert subject.convention.layout == "channels-first"
    assert (subject.dims["B"], subject.dims["N"], subject.dims["C"]) == (2, 7, 48)


def test_flags_are_handed_on() -> None:
    call = said(Flagged, "mha", "2x7x48", "causal=True", "scale=0.5")
    assert call == "self(x, causal=True, scale=0.5)"


@pytest.mark.parametrize("text", ["causal=", "NB:2x7x48", "BB:2x2", "causal=open('x')", "x:"])
def test_what_is_neither_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(UsageError):
        parse_input(text)


def test_a_stated_input_goes_before_what_has_a_default() -> None:
    assert said(Starred, "mha", "2x7x48") == "self(args[0])"


def test_one_sample_heads_cut_and_volumes_are_found_by_trying() -> None:
    assert said(OneSample, "tokens") == "tokens(x), one sample at a time"
    assert said(CutHeads, "mha") == "qkv(q, k, v), heads cut already"
    assert said(Volume, "map") == "map(x), a volume of one slice"


def test_one_sample_heads_cut_and_volumes_are_stated() -> None:
    assert said(OneSample, "tokens", "7x48") == "tokens(x), one sample at a time"
    assert said(CutHeads, "mha", *["2x3x7x16"] * 3) == "qkv(q, k, v), heads cut already"
    assert said(Frames, "tokens", "2x4x6x48") == "tokens(x), frames of positions"
    assert said(Volume, "map", "2x32x4x6x5") == "map(x), slices of a volume"


def test_tokens_are_put_in_rows_where_a_module_takes_a_map() -> None:
    assert said(OnMaps, "mha") == "self(x), tokens as a feature map"
    assert said(Frames, "mha") == "self(x), frames of positions"
    subject = subject_of(OnMaps, "mha", inputs=("2x48x5x3",))
    assert subject.convention.describe() == "self(x), tokens as a feature map"
    assert (subject.dims["N"], subject.dims["C"]) == (15, 48)


@pytest.mark.parametrize("inputs", [(), ("2x48x5x3",)])
def test_a_map_of_tokens_is_varied_by_whole_rows(inputs: tuple[str, ...]) -> None:
    subject = subject_of(OnMaps, "mha", inputs=inputs)
    rows = 3 if inputs else 2
    lengths = {case.dims["N"] for case in subject.lattice()}
    assert len(lengths) > 1
    assert not any(n % rows for n in lengths)
    assert finding_of("equivalence", OnMaps, "mha", inputs=inputs).status == "holds"
    assert finding_of("weights", OnMaps, "mha", inputs=inputs).status == "holds"
    grows = finding_of("complexity", OnMaps, "mha", parameters={"order": "N^2"}, inputs=inputs)
    assert grows.status == "holds"
    assert finding_of("equivalence", SidesTurned, "mha", inputs=inputs).status == "violated"


def test_height_and_width_agree_with_the_stated_tokens() -> None:
    assert said(Sides, "sra", "2x64x24", dim=24) == "grid(x, H, W)"
    subject = subject_of(Sides, "tokens", inputs=("2x64x48", "H=8", "W=8"))
    assert (subject.dims["height"], subject.dims["width"]) == (8, 8)


def test_values_are_the_keys_where_the_spec_knows_one_memory() -> None:
    assert said(Additive, "bahdanau").endswith("(query, keys, values)")


def test_a_second_input_is_handed_on_as_it_is_stated() -> None:
    assert said(Guided, "map", "2x32x8x6", "2x5x16") == "map(x, guide)"


def test_tables_of_positions_are_computed() -> None:
    assert said(Turned, "rope") == "self(x, cos: cos in halves (N), sin: sin in halves (N))"
    assert said(Narrow, "rope") == "self(x, cos: cos once (N), sin: sin once (N))"
    assert said(Positions, "rope").startswith("self(x, position_ids: position ids")


@pytest.mark.parametrize("factory", [Masked, MaskAdded, MaskPads])
def test_a_mask_that_must_be_given_is_given_when_its_meaning_is_found(factory: Any) -> None:
    subject = subject_of(factory, "mha")
    meaning = subject.convention.masks[0].meaning
    expected = {"valid-01": ("valid-01", "valid-true")}.get(factory.meaning, (factory.meaning,))
    assert meaning in expected
    assert len(subject.convention.masks[0].axes) == 3


class MixesTheBatch(Attention):
    """A fault: one sample at a time it would look right."""

    def forward(self, x: Tensor) -> Tensor:
        _, _, _ = x.shape
        return self.attend(x, x) + x.mean(0, keepdim=True)


def test_a_fault_of_the_batch_is_not_hidden_by_another_form() -> None:
    assert said(MixesTheBatch, "tokens") == "tokens(x)"
