"""Limits of use that people reported of attention modules, made again small: before and after.

The modules are ours; the address beside each is the report that it follows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attncheck.instruments.behaviour import onnx_model
from tests.attention import Attention
from tests.deciding import finding_of
from tests.source.marked import marked
from tests.thorough import THOROUGH


class GeneralScore(nn.Module):
    """https://github.com/PetrochukM/PyTorch-NLP/pull/90."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear_in = nn.Linear(dim, dim, bias=False)

    def flat(self, query: Tensor) -> Tensor:
        b, n, c = query.shape
        return query.view(b * n, c)  # <- here

    def forward(self, query: Tensor, context: Tensor) -> Tensor:
        asked = self.linear_in(self.flat(query)).reshape(query.shape)
        return (asked @ context.mT).softmax(-1) @ context


class GeneralScoreAfter(GeneralScore):
    def flat(self, query: Tensor) -> Tensor:
        return query.reshape(-1, query.shape[-1])


class ShiftedWindows(nn.Module):
    """https://github.com/huggingface/transformers/issues/47743."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def mask(self, x: Tensor) -> Tensor:
        n = x.shape[1]
        rows = torch.arange(n, device=x.device) < n // 2
        return torch.zeros((n, n), device=x.device).masked_fill(rows[:, None] != rows, -100.0)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        scores = q @ k.mT * q.shape[-1] ** -0.5
        scores = scores + self.mask(x)
        return self.proj(scores.softmax(-1) @ v)  # <- here


class ShiftedWindowsAfter(ShiftedWindows):
    def mask(self, x: Tensor) -> Tensor:
        return super().mask(x).to(x.dtype)


class EncoderMask(Attention):
    """https://github.com/facebookresearch/fairseq/issues/3575."""

    def hidden(self, logits: Tensor) -> float:
        return -1e8

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        if mask is not None:
            logits = logits.masked_fill(mask[:, None, None], self.hidden(logits))  # <- here
        return logits.softmax(-1)

    def forward(self, x: Tensor, encoder_padding_mask: Tensor | None = None) -> Tensor:
        return self.attend(x, x, encoder_padding_mask)


class EncoderMaskAfter(EncoderMask):
    def hidden(self, logits: Tensor) -> float:
        return torch.finfo(logits.dtype).min


class DynamicMask(Attention):
    """https://github.com/huggingface/transformers/pull/48821."""

    def __init__(self, dim: int, heads: int, use_sdpa: bool = False) -> None:
        super().__init__(dim, heads)
        self.use_sdpa = use_sdpa
        self.weight = nn.Linear(dim, heads)

    def told(self, bias: Tensor, future: Tensor) -> Tensor:
        return bias

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        bias = F.softplus(self.weight(x)).mT[:, :, None]
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)
        if self.use_sdpa:
            told = self.told(bias, future).expand(-1, -1, x.shape[1], -1)
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=told)  # <- here
        else:
            logits = q @ k.mT * q.shape[-1] ** -0.5 + bias
            y = logits.masked_fill(future, -math.inf).softmax(-1) @ v
        return self.o(y.transpose(1, 2).flatten(2))


class DynamicMaskAfter(DynamicMask):
    def told(self, bias: Tensor, future: Tensor) -> Tensor:
        return bias.masked_fill(future, -math.inf)


class FloatMask(Attention):
    """https://github.com/huggingface/transformers/pull/38094."""

    _attn_implementation = "eager"

    def seen(self, mask: Tensor) -> Tensor:
        return mask.bool()

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """attention_mask: (B, N), 1 where a token is real, 0 where it is padding."""
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        mask = None
        if attention_mask is not None:
            lowest = torch.finfo(x.dtype).min
            mask = (1.0 - attention_mask.to(x.dtype))[:, None, None] * lowest
        if self._attn_implementation == "sdpa":
            seen = None if mask is None else self.seen(mask)
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)  # <- here
        else:
            logits = q @ k.mT * q.shape[-1] ** -0.5
            y = (logits if mask is None else logits + mask).softmax(-1) @ v
        return self.o(y.transpose(1, 2).flatten(2))


class FloatMaskAfter(FloatMask):
    def seen(self, mask: Tensor) -> Tensor:
        return mask == 0


class AttentionBlock(nn.Module):
    """https://github.com/Project-MONAI/GenerativeModels/issues/402."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.proj_attn = nn.Linear(dim, dim)  # <- here

    def out(self, y: Tensor) -> Tensor:
        return y

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.to_qkv(x.flatten(2).mT).chunk(3, -1)
        y = self.out((q @ k.mT * q.shape[-1] ** -0.5).softmax(-1) @ v)
        return x + y.mT.reshape(x.shape)


class AttentionBlockAfter(AttentionBlock):
    def out(self, y: Tensor) -> Tensor:
        out: Tensor = self.proj_attn(y)
        return out


class AsksTheMask(Attention):
    """https://github.com/huggingface/transformers/pull/37944."""

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        spread = logits.amax() - logits.amin()
        if spread.item() > 1e4:  # <- here
            logits = logits.clamp(-1e4, 1e4)
        return logits.softmax(-1)


class AsksTheMaskAfter(Attention):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        return logits.clamp(-1e4, 1e4).softmax(-1)


class Proposals(nn.Module):
    """https://github.com/roboflow/rf-detr/pull/871."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def heights(self, x: Tensor) -> Tensor:
        return torch.tensor([x.shape[1] for _ in range(x.shape[0])])  # <- here

    def forward(self, x: Tensor) -> Tensor:
        scale = self.heights(x).to(x.dtype).reshape(-1, 1, 1, 1)
        return x * (self.conv(x) / scale).sigmoid()


class ProposalsAfter(Proposals):
    def heights(self, x: Tensor) -> Tensor:
        return torch.tensor([x.shape[1]]).expand(x.shape[0])


class Coordinates(nn.Module):
    """https://github.com/houqb/CoordAttention/issues/6."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def pool(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return F.adaptive_avg_pool2d(x, (None, 1)), F.adaptive_avg_pool2d(x, (1, None))

    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        rows, columns = self.pool(x)
        both = self.conv(torch.cat([rows, columns.mT], 2))  # <- here
        rows, columns = both.sigmoid().split([h, w], 2)
        return x * rows * columns.mT


class CoordinatesAfter(Coordinates):
    def pool(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x.mean(3, keepdim=True), x.mean(2, keepdim=True)


class KeepsItsMap(Attention):
    """https://github.com/sktime/sktime/issues/10928."""

    attention: Tensor | None = None

    def kept(self, weights: Tensor) -> Tensor:
        return weights

    def normalise(self, logits: Tensor) -> Tensor:
        weights = logits.softmax(-1)
        self.attention = self.kept(weights)  # <- here
        return weights


class KeepsItsMapAfter(KeepsItsMap):
    def kept(self, weights: Tensor) -> Tensor:
        return weights.detach()


@dataclass(frozen=True)
class Report:
    """A claim, the module before and after its fix, and the contract that it is held against."""

    claim: str
    before: type[nn.Module]
    after: type[nn.Module]
    spec: str = "tokens"
    dear: bool = False


REPORTS = (
    Report("memory-layout", GeneralScore, GeneralScoreAfter, "seq2seq"),
    Report("dtype", ShiftedWindows, ShiftedWindowsAfter),
    Report("half-masks", EncoderMask, EncoderMaskAfter),
    Report("same-branches", DynamicMask, DynamicMaskAfter),
    Report("same-branches", FloatMask, FloatMaskAfter),
    Report("serialisation", KeepsItsMap, KeepsItsMapAfter),
    Report("data-parallel", AttentionBlock, AttentionBlockAfter, "map", dear=True),
    Report("torch-compile", AsksTheMask, AsksTheMaskAfter, dear=True),
    Report("torch-export", Proposals, ProposalsAfter, "map", dear=True),
    Report("onnx-runtime", Coordinates, CoordinatesAfter, "map", dear=True),
)
PARAMETERS = {"dtype": {"dtypes": ["float16", "bfloat16"]}}


@pytest.mark.parametrize("report", REPORTS, ids=lambda one: one.before.__name__)
def test_a_reported_limit_is_told_with_its_line_and_its_repair_from_it(report: Report) -> None:
    if report.dear and not THOROUGH:
        pytest.skip("takes seconds: nox -s thorough")
    if report.claim == "onnx-runtime" and onnx_model.absent():
        pytest.skip("needs attncheck[onnx]")
    found = PARAMETERS.get(report.claim)
    before = finding_of(report.claim, report.before, report.spec, parameters=found)
    assert before.status == "violated", before.message
    assert before.location is not None
    assert before.location.line == marked(report.before)
    after = finding_of(report.claim, report.after, report.spec, parameters=found)
    assert after.status == "holds", after.message
