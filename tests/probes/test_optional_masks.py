"""Masks that forward offers: found whatever they look like, lost on a line, or undecided."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from attncheck.data.report import Finding
from tests.attention import Attention
from tests.deciding import finding_of

INF = float("inf")


def found(module: type[nn.Module], spec: str = "mha") -> Finding:
    return finding_of("masks", module, spec, parameters={"padding": spec == "mha"})


class Masked(Attention):
    """What a subclass's ``hide`` makes of the logits is weighed."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.attend(x, x, mask)

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        return logits.softmax(-1) if mask is None else self.hide(logits, mask).softmax(-1)

    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        raise NotImplementedError


class OfRows(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        assert mask.ndim == 3
        assert len(mask) == len(logits)
        return logits.masked_fill(mask[:, None] == 0, -INF)


class AddedRows(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        assert mask.ndim == 4
        assert mask.shape[2] == mask.shape[3]
        return logits + mask


class HeadsInTheBatch(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        rows = logits.flatten(0, 1)
        assert mask.shape == rows.shape
        return rows.masked_fill(mask, -1e9).view_as(logits)


class TimeFirst(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        assert mask.shape == (logits.shape[-1], logits.shape[0])
        return logits.masked_fill(mask.T[:, None, None], -INF)


class OneMinus(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        return logits + (1.0 - mask[:, None, None]) * -1e9


class OneIsPadding(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        return logits + mask[:, None, None] * -1e9


class Soft(Masked):
    """A mask of weights between nought and one, as its logarithm."""

    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        return logits + mask[:, None, None].log()


class RenormalisedAfterwards(Masked):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        weights = logits.softmax(-1)
        if mask is None:
            return weights
        weights = weights * mask[:, None, None]
        return weights / weights.sum(-1, keepdim=True)


class Causal(Masked):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        late = torch.ones(logits.shape[-2:], dtype=torch.bool).triu(1)
        if mask is not None:
            late = late | mask[:, None, None]
        return logits.masked_fill(late, torch.finfo(logits.dtype).min).softmax(-1)


class Lengths(Attention):
    def forward(self, x: Tensor, valid_lens: Tensor | None = None) -> Tensor:
        return self.attend(x, x, valid_lens)

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        if mask is None:
            return logits.softmax(-1)
        late = torch.arange(logits.shape[-1]) >= mask[:, None]
        return logits.masked_fill(late[:, None, None], -1e6).softmax(-1)


class FusedKeep(Attention):
    def forward(self, x: Tensor, key_padding_mask: Tensor | None = None) -> Tensor:
        """Attend.

        Args:
            x: tokens.
            key_padding_mask: (batch, keys). True means to keep, False means to mask out.
        """
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        mask = None if key_padding_mask is None else key_padding_mask[:, None, None]
        y = scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.o(y.transpose(1, 2).flatten(2))


class OfQueries(Attention):
    def forward(self, x: Tensor, query_mask: Tensor | None = None) -> Tensor:
        y = self.attend(x, x)
        return y if query_mask is None else y * query_mask[..., None]


class OfHeads(Attention):
    def forward(self, x: Tensor, head_mask: Tensor | None = None) -> Tensor:
        return self.attend(x, x, head_mask)

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        weights = logits.softmax(-1)
        return weights if mask is None else weights * mask.view(1, -1, 1, 1)


class OfTheContext(Attention):
    """The mask belongs to a context that is not given."""

    def forward(
        self, x: Tensor, context: Tensor | None = None, context_mask: Tensor | None = None
    ) -> Tensor:
        return self.attend(x, x) if context is None else self.attend(x, context, context_mask)

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        if mask is not None:
            logits = logits.masked_fill(self.closed(mask)[:, None, None], -INF)
        return logits.softmax(-1)

    def closed(self, mask: Tensor) -> Tensor:
        return mask == 0


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (OfRows, "(B, N, N), True shows a key"),
        (AddedRows, "(B, 1, N, N), added to the logits"),
        (HeadsInTheBatch, "(B*heads, N, N), True hides a key"),
        (TimeFirst, "(N, B), True hides a key"),
        (OneMinus, "(B, N), 1 shows a key"),
        (OneIsPadding, "(B, N), True hides a key"),
        (Soft, "(B, N), True shows a key"),
        (RenormalisedAfterwards, "(B, N), True shows a key"),
        (Lengths, "'valid_lens' (B), so many keys are real"),
        (FusedKeep, "True shows a key, as its author writes"),
        (OfQueries, "'query_mask' is a mask of queries"),
        (OfHeads, "'head_mask' is a mask of heads"),
        (OfTheContext, "'context_mask' is a mask of 'context'"),
    ],
)
def test_the_meaning_is_found_whatever_the_mask_looks_like(
    right: type[nn.Module], words: str
) -> None:
    finding = found(right)
    assert finding.status == "holds", finding.message
    assert words in finding.message


def test_padding_is_found_in_a_causal_layer_where_it_hides_what_is_heard() -> None:
    finding = found(Causal, "causal")
    assert finding.status == "holds", finding.message
    assert "True hides a key" in finding.message


class NeverRead(Masked):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        return logits.softmax(-1)


class Dropped(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        logits.masked_fill(mask[:, None, None] == 0, -INF)
        return logits


class DroppedCopy(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        logits.clone().masked_fill_(mask[:, None, None] == 0, -INF)
        return logits


class Overwritten(Attention):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        mask = torch.ones(x.shape[:2], dtype=torch.bool)
        return self.attend(x, x, mask)

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        return logits.masked_fill(~mask[:, None, None], -INF).softmax(-1)


class MadeReadyAndForgotten(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        shown = mask[:, None, None].to(torch.bool)
        _closed = ~shown
        return logits


class DeadBranch(Masked):
    masking = False

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        if mask is not None and self.masking:
            logits = logits.masked_fill(mask[:, None, None] == 0, -INF)
        return logits.softmax(-1)


@pytest.mark.parametrize(
    ("faulty", "words", "line"),
    [
        (NeverRead, "`weigh` never reads `mask`", "def weigh"),
        (Dropped, "is dropped: masked_fill returns a new tensor", "logits.masked_fill(mask"),
        (DroppedCopy, "changes a copy that is dropped", "logits.clone()"),
        (Overwritten, "is given another value", "mask = torch.ones"),
        (MadeReadyAndForgotten, "never read after line", "_closed = ~shown"),
        (DeadBranch, "`mask is not None and self.masking` is false", "if mask is not None"),
    ],
)
def test_a_mask_that_changes_nothing_is_found_with_the_line_where_it_is_lost(
    faulty: type[nn.Module], words: str, line: str
) -> None:
    finding = found(faulty)
    assert finding.status == "violated", finding.message
    assert words in finding.message
    assert finding.location is not None
    with open(finding.location.path) as file:
        assert line in file.read().splitlines()[finding.location.line - 1]


class AfterTheSoftmax(Masked):
    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        weights = logits.softmax(-1)
        return weights if mask is None else weights.masked_fill(mask[:, None, None], 0.0)


class HeadsFirst(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        b, h, n, m = logits.shape
        rows = mask[:, None].repeat(h, 1, 1)  # head by head, where the scores have sample by sample
        return logits.reshape(b * h, n, m).masked_fill(rows, -INF).view_as(logits)


class TinyConstant(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        return logits.masked_fill(mask[:, None, None] == 0, 1e-9)


class RowsForColumns(Masked):
    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        return logits.masked_fill(mask[:, None, :, None] == 0, -1e9)


class DocumentedOtherwise(Masked):
    """Attention.

    mask: (B, N), True for real tokens, False for padding.
    """

    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        return logits.masked_fill(mask[:, None, None], -INF)


@pytest.mark.parametrize(
    ("faulty", "words"),
    [
        (AfterTheSoftmax, "applied to the weights afterwards"),
        (HeadsFirst, "hides keys of another"),
        (TinyConstant, "set to 1e-09"),
        (RowsForColumns, "hides the rows of padded queries"),
        (DocumentedOtherwise, "the other way round"),
    ],
)
def test_a_mask_that_shows_what_it_means_and_does_it_wrong_is_found(
    faulty: type[nn.Module], words: str
) -> None:
    finding = found(faulty)
    assert finding.status == "violated", finding.message
    assert words in finding.message


class DropsCausality(Attention):
    def forward(self, x: Tensor, padding_mask: Tensor | None = None) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        mask = None if padding_mask is None else ~padding_mask[:, None, None]
        y = scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        return self.o(y.transpose(1, 2).flatten(2))


def test_causality_that_a_mask_switches_off_is_found() -> None:
    finding = found(DropsCausality, "causal")
    assert finding.status == "violated"
    assert finding.evidence["fault"] == "causality dropped"


class ToldTheFuture(Attention):
    """A decoder's layer: the caller's mask is all that hides, and without one it is causal."""

    def forward(self, x: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if attention_mask is None:
            attention_mask = torch.full((x.shape[1],) * 2, -INF, dtype=x.dtype).triu(1)[None, None]
        y = scaled_dot_product_attention(q, k, v, attn_mask=attention_mask)
        return self.o(y.transpose(1, 2).flatten(2))


def test_a_mask_of_rows_may_be_all_that_hides_where_the_definition_need_not_be_causal() -> None:
    finding = found(ToldTheFuture, "gqa")
    assert finding.status == "holds", finding.message
    assert "the future told by it as well" in finding.message
    assert finding_of("equivalence", ToldTheFuture, "gqa").status == "holds"
    assert found(DropsCausality, "gqa").evidence["fault"] == "causality dropped"


class AskedOfTheConstructor(Attention):
    def __init__(self, dim: int, heads: int, use_mask: bool = False) -> None:
        super().__init__(dim, heads)
        self.use_mask = use_mask

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.attend(x, x, mask if self.use_mask else None)

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        if mask is not None:
            logits = logits.masked_fill(mask[:, None, None], -INF)
        return logits.softmax(-1)


class OfAnOddContext(OfTheContext):
    def closed(self, mask: Tensor) -> Tensor:
        return torch.zeros_like(mask, dtype=torch.bool)


class Damps(Masked):
    """A convention that nobody knows: hidden keys are halved."""

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        weights = logits.softmax(-1)
        return weights if mask is None else weights * (0.5 + 0.5 * mask[:, None, None])


class Picked(Attention):
    """Numbers of the keys that are taken."""

    def forward(self, x: Tensor, mask: list[int] | None = None) -> Tensor:
        return self.attend(x, x if mask is None else x[:, list(map(int, mask))])


@pytest.mark.parametrize("unusual", [AskedOfTheConstructor, OfAnOddContext, Damps, Picked])
def test_what_no_convention_explains_is_undecided_and_never_a_fault(
    unusual: type[nn.Module],
) -> None:
    finding = found(unusual)
    assert finding.status == "undecided", finding.message
    assert finding.required


def test_a_switch_is_no_mask() -> None:
    class Switch(Attention):
        def forward(self, x: Tensor, mask: bool = False) -> Tensor:
            return self.attend(x, x)

    assert found(Switch).status == "skipped"


class SaidOfTokensAndAdded(Masked):
    """Attention of padded sequences.

    Args:
        mask: (batch, keys), 1 = token, 0 = padding
    """

    def hide(self, logits: Tensor, mask: Tensor) -> Tensor:
        return logits + mask[:, None, None].to(logits.dtype)


def test_a_mask_of_tokens_that_is_added_as_it_is_hides_nothing() -> None:
    finding = found(SaidOfTokensAndAdded)
    assert finding.status == "violated"
    assert "mask" in finding.message
