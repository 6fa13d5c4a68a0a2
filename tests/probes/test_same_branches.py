"""Several implementations of one attention compute the same."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tests.attention import Attention
from tests.deciding import finding_of
from tests.source.marked import marked

USE_FLASH = True


class Switched(Attention):
    """Right; subclasses replace one of the two ways."""

    fused_attn = True

    def eager(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        logits = q @ k.mT * q.shape[-1] ** -0.5
        if mask is not None:
            logits = logits.masked_fill(mask[:, None, None], -math.inf)
        return logits.softmax(-1) @ v

    def fused(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        seen = None if mask is None else ~mask[:, None, None]
        return F.scaled_dot_product_attention(q, k, v, attn_mask=seen)

    def forward(self, x: Tensor, key_padding_mask: Tensor | None = None) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        attend = self.fused if self.fused_attn else self.eager
        return self.o(attend(q, k, v, key_padding_mask).transpose(1, 2).flatten(2))


class ScaledTwice(Switched):
    def fused(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        q = q * q.shape[-1] ** -0.5
        seen = None if mask is None else ~mask[:, None, None]
        return F.scaled_dot_product_attention(q, k, v, attn_mask=seen)  # <- here


class OppositeMask(Switched):
    def fused(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        hidden = None if mask is None else mask[:, None, None]
        return F.scaled_dot_product_attention(q, k, v, attn_mask=hidden)  # <- here


class ForgetsTheMask(Switched):
    def fused(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v)  # <- here


class MaskOfTheWrongShape(Switched):
    def fused(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # <- here


class SeesTheFuture(Attention):
    """As one of many small language models: the fused way forgets that it is causal."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.flash = hasattr(F, "scaled_dot_product_attention")

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if self.flash:
            y = F.scaled_dot_product_attention(q, k, v)  # <- here
        else:
            later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
            y = (q @ k.mT * q.shape[-1] ** -0.5).masked_fill(later, -math.inf).softmax(-1) @ v
        return self.o(y.transpose(1, 2).flatten(2))


class AsksTorch(Attention):
    scale_of_old = 1.0

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v)  # <- here
        else:
            y = (q @ k.mT * self.scale_of_old).softmax(-1) @ v
        return self.o(y.transpose(1, 2).flatten(2))


class AsksTorchRightly(AsksTorch):
    scale_of_old = 16**-0.5


class ByAConstantOfTheFile(Attention):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if USE_FLASH:
            y = F.scaled_dot_product_attention(q, k, v)  # <- here
            return self.o(y.transpose(1, 2).flatten(2))
        return self.o(((q @ k.mT).softmax(-1) @ v).transpose(1, 2).flatten(2))


class Config:
    def __init__(self) -> None:
        self._attn_implementation = "eager"


class ByAConfig(Attention):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.config = Config()

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if self.config._attn_implementation == "sdpa":
            y = F.scaled_dot_product_attention(q, k, v, scale=1.0)  # <- here
        else:
            y = (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1) @ v
        return self.o(y.transpose(1, 2).flatten(2))


class DropsInEval(Switched):
    def fused(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        seen = None if mask is None else ~mask[:, None, None]
        return F.scaled_dot_product_attention(q, k, v, seen, dropout_p=0.5)  # <- here


class EagerThatDropsInFused(DropsInEval):
    fused_attn = False


class FusedInEvalAlone(Attention):
    p = 0.1

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if self.training:
            return self.o(((q @ k.mT).softmax(-1) @ v).transpose(1, 2).flatten(2))
        y = F.scaled_dot_product_attention(q, k, v)  # <- here
        return self.o(y.transpose(1, 2).flatten(2))


class Recomputes(nn.Module):
    """Its checkpointed way is right, or loses the gradient of what is not recomputed."""

    use_checkpoint = False
    cuts = False

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        if self.use_checkpoint:
            y = y.detach() if self.cuts else y
            return x * checkpoint(torch.sigmoid, y, use_reentrant=False)
        return x * y.sigmoid()


class RecomputesAndCuts(Recomputes):
    cuts = True


class NeedsAPackage(Attention):
    use_xformers = False

    def forward(self, x: Tensor) -> Tensor:
        if self.use_xformers:
            import no_such_xformers  # type: ignore[import-not-found]

            return no_such_xformers.attend(x)
        return super().forward(x)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (ScaledTwice, "with self.fused_attn = False the output differs"),
        (SeesTheFuture, "with self.flash = False the output differs"),
        (AsksTorch, "with a torch without scaled_dot_product_attention the output differs"),
        (ByAConstantOfTheFile, "with USE_FLASH = False the output differs"),
        (ByAConfig, "with self.config._attn_implementation = 'sdpa' the output differs"),
        (EagerThatDropsInFused, "the output differs"),
        (FusedInEvalAlone, "in training mode, nothing dropped, the output differs"),
    ],
)
def test_another_result_of_a_branch_is_found_at_the_fused_call(module: type, words: str) -> None:
    finding = finding_of("same-branches", module, "tokens")
    assert finding.status == "violated", finding.message
    assert words in finding.message
    assert finding.location is not None
    marks = DropsInEval if module is EagerThatDropsInFused else module
    assert finding.location.line == marked(marks)


@pytest.mark.parametrize("module", [OppositeMask, ForgetsTheMask, MaskOfTheWrongShape])
def test_a_mask_that_one_branch_reads_otherwise_is_found(module: type) -> None:
    finding = finding_of("same-branches", module, "tokens")
    assert finding.status == "violated", finding.message
    assert "key_padding_mask" in finding.message
    assert finding.location is not None
    raises = module is MaskOfTheWrongShape  # where it no longer fits
    places = [finding.location, *(finding.related if raises else [])]
    assert marked(module) in [place.line for place in places]


class NormalisesInOne(Attention):
    """Each way calls fused attention: it is no suspect."""

    def __init__(self, dim: int, heads: int, use_checkpoint: bool = False) -> None:
        super().__init__(dim, heads)
        self.use_checkpoint = use_checkpoint
        self.norm = nn.LayerNorm(dim)

    def fused(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        return self.o(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))

    def forward(self, x: Tensor) -> Tensor:
        if self.use_checkpoint:
            return checkpoint(self.fused, x, use_reentrant=False)  # <- here
        return self.fused(self.norm(x))


def test_where_both_call_fused_attention_the_line_is_where_they_part() -> None:
    finding = finding_of("same-branches", NormalisesInOne, "tokens")
    assert finding.status == "violated", finding.message
    assert finding.location is not None
    assert finding.location.line == marked(NormalisesInOne)


def test_a_gradient_that_a_branch_loses_is_found() -> None:
    finding = finding_of("same-branches", RecomputesAndCuts, "tokens")
    assert finding.status == "violated"
    assert "with self.use_checkpoint = True the gradient of fc.weight" in finding.message


@pytest.mark.parametrize("module", [Switched, AsksTorchRightly, Recomputes])
def test_branches_that_agree_hold(module: type) -> None:
    finding = finding_of("same-branches", module, "tokens")
    assert finding.status == "holds", finding.message


def test_what_this_machine_lacks_is_undecided() -> None:
    finding = finding_of("same-branches", NeedsAPackage, "tokens")
    assert finding.status == "undecided"
    assert "self.use_xformers = True" in finding.message


def test_a_module_without_a_switch_is_not_asked() -> None:
    assert finding_of("same-branches", Attention, "tokens").status == "skipped"


def test_torch_is_as_it_was_afterwards() -> None:
    before: Any = F.scaled_dot_product_attention
    finding_of("same-branches", AsksTorch, "tokens")
    assert F.scaled_dot_product_attention is before
    assert USE_FLASH
