"""Masks that a model makes for its layers: the future told by them as well, of inputs not given."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from attncheck.instruments.attention.hearing import key_inputs
from attncheck.subject.trial import Trial
from tests.attention import Attention
from tests.deciding import finding_of, subject_of

Past = tuple[Tensor, Tensor]


class LeftToTheCaller(Attention):
    """Causal where it is given no mask; with tokens before the new ones its caller gives one."""

    def forward(
        self, x: Tensor, attn_mask: Tensor | None = None, past: Past | None = None
    ) -> tuple[Tensor, Past]:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if past is not None:
            k, v = torch.cat((past[0], k), 2), torch.cat((past[1], v), 2)
        causal = attn_mask is None and q.shape[2] > 1
        y = scaled_dot_product_attention(q, k, v, self.read(attn_mask), is_causal=causal)
        return self.o(y.transpose(1, 2).flatten(2)), (k, v)

    def read(self, mask: Tensor | None) -> Tensor | None:
        return mask


class ReadBackwards(LeftToTheCaller):
    """Turns the rows of its mask round where tokens came before."""

    def read(self, mask: Tensor | None) -> Tensor | None:
        return mask if mask is None or mask.shape[-1] == mask.shape[-2] else mask.flip(-1)


class NoWayToTell(LeftToTheCaller):
    """The same without a mask: nobody can tell it which of the earlier tokens a new one sees."""

    def forward(self, x: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:  # type: ignore[override]
        return super().forward(x, None, past)


def test_several_tokens_behind_a_cache_may_ask_for_a_mask_of_their_caller() -> None:
    assert finding_of("cache", LeftToTheCaller, "kv-cache").status == "holds"


def test_who_reads_that_mask_wrongly_is_found() -> None:
    assert finding_of("cache", ReadBackwards, "kv-cache").status == "violated"


def test_who_takes_no_mask_must_do_without() -> None:
    finding = finding_of("cache", NoWayToTell, "kv-cache")
    assert finding.status == "violated"
    assert "in pieces" in finding.message


def test_with_a_cache_a_mask_of_rows_may_be_all_that_hides() -> None:
    assert finding_of("masks", LeftToTheCaller, "kv-cache").status == "holds"


class ToldByItsCaller(Attention):
    """Is causal where its caller says so and gives no mask."""

    def forward(
        self, x: Tensor, attn_mask: Tensor | None = None, is_causal: bool = False
    ) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        causal = is_causal and attn_mask is None
        y = scaled_dot_product_attention(q, k, v, attn_mask, is_causal=causal)
        return self.o(y.transpose(1, 2).flatten(2))


class CausalByItself(ToldByItsCaller):
    """Is causal, until it is given a mask of any kind."""

    def forward(self, x: Tensor, attn_mask: Tensor | None = None) -> Tensor:  # type: ignore[override]
        return super().forward(x, attn_mask, True)


def test_who_is_told_to_be_causal_is_told_the_future_by_a_mask_as_well() -> None:
    given = ("2x7x48", "is_causal=True")
    assert finding_of("masks", ToldByItsCaller, "kv-cache", inputs=given).status == "holds"
    finding = finding_of("masks", CausalByItself, "kv-cache")
    assert finding.status == "violated"
    assert "causality is dropped" in finding.message


class OfAContextItRefuses(Attention):
    """Has no projection for what the encoder gives, and says so."""

    def forward(
        self,
        x: Tensor,
        encoder_states: Tensor | None = None,
        encoder_mask: Tensor | None = None,
    ) -> Tensor:
        if encoder_states is not None:
            raise ValueError("made without cross-attention")
        return self.attend(x, x)


class TakesItsContext(Attention):
    """Attends to what the encoder gives, and forgets the mask of it."""

    def forward(
        self,
        x: Tensor,
        encoder_states: Tensor | None = None,
        encoder_mask: Tensor | None = None,
    ) -> Tensor:
        return self.attend(x, x if encoder_states is None else encoder_states)


class ForgetsItsOwn(Attention):
    """Refuses the same input, and forgets the mask of its own tokens."""

    def forward(
        self, x: Tensor, encoder_states: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        if encoder_states is not None:
            raise ValueError("made without cross-attention")
        return self.attend(x, x)


def test_the_mask_of_what_a_layer_cannot_take_is_none_of_its_own() -> None:
    assert finding_of("masks", OfAContextItRefuses, "tokens").status == "holds"


def test_a_mask_that_is_forgotten_stays_a_fault() -> None:
    for kind in (TakesItsContext, ForgetsItsOwn):
        finding = finding_of("masks", kind, "tokens")
        assert finding.status == "violated", kind
        assert "changes nothing" in finding.message


class WithABiasBeside(Attention):
    """Takes a bias of fixed sizes, which holds no keys, beside its tokens and their mask."""

    def forward(self, x: Tensor, bias: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        logits = q @ k.mT * self.scale(q) + bias[:, None]
        weights = logits.masked_fill(~mask[:, None, None], float("-inf")).softmax(-1)
        return self.o((weights @ v).transpose(1, 2).flatten(2))


def test_what_stands_beside_the_tokens_holds_no_keys() -> None:
    inputs = ("2x7x48", "2x1x7", "mask=2x7:valid-true")
    subject = subject_of(WithABiasBeside, "tokens", inputs=inputs)
    assert len(subject.convention.inputs) == 2
    assert key_inputs(Trial(subject, subject.base())) == ["x"]
