"""Which rows of a fused matrix one slot reads, in the orders in which people lay them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attncheck.lazy import torch


@dataclass(frozen=True)
class Rows:
    """Some rows of a matrix, read as those of a slot: the heads one after the other.

    Attributes:
        start, stop: which, to the last where ``stop`` is None; with ``heads``, which of each
            head's rows.
        heads: how many heads there are, each with rows of all slots; 1 where a slot's rows stand
            together.
        fused: how many slots the matrix has, where heads change fastest, then slots; else 0.
        inner: how many heads change fastest in these rows; 0 where they stand one after the other.
    """

    start: int
    stop: int | None
    heads: int = 1
    fused: int = 0
    inner: int = 0

    @property
    def is_shuffled(self) -> bool:
        """Whether a slot's rows do not stand together."""
        return self.heads > 1 or self.fused > 0

    def of(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return these rows of a weight or a bias, as a view or a copy that keeps gradients."""
        if self.fused:
            apart = tensor.reshape(-1, self.fused, self.heads, *tensor.shape[1:])
            return apart[:, self.start].transpose(0, 1).flatten(0, 1)
        if self.heads > 1:
            apart = tensor.reshape(self.heads, -1, *tensor.shape[1:])
            return apart[:, self.start : self.stop].flatten(0, 1)
        together = tensor[self.start : self.stop]
        return outermost(together, self.inner) if self.inner else together

    def describe(self) -> str:
        """Return them as the report names them."""
        if self.fused:
            return f"part {self.start + 1} of {self.fused}, heads innermost"
        if self.stop is None:
            return "heads innermost"
        heads = f" of each of {self.heads} heads" if self.heads > 1 else ""
        inner = ", heads innermost" if self.inner else ""
        return f"rows {self.start}–{self.stop - 1}{heads}{inner}"


def outermost(tensor: torch.Tensor, heads: int) -> torch.Tensor:
    """Return rows with one head after the other, of rows whose heads change fastest."""
    return tensor.reshape(-1, heads, *tensor.shape[1:]).transpose(0, 1).flatten(0, 1)


def layouts(widths: Sequence[int], heads: int, groups: int = 1) -> Iterator[list[Rows]]:
    """Yield the rows of slots with these widths in one matrix, the likeliest layout first.

    q k v one below another; those of the first head, then of the second, as GPT-NeoX and BLOOM
    have them, or of groups of heads, as Falcon has q q q q k v; and heads innermost, as
    ``b n (d k h) -> k b h n d`` takes them apart.
    """
    yield list(_after_each_other(widths, 1))
    for parts in dict.fromkeys((heads, groups)):
        if parts > 1 and all(width % parts == 0 for width in widths):
            yield list(_after_each_other([width // parts for width in widths], parts))
    if 1 < heads < widths[0] and len(set(widths)) == 1 and widths[0] % heads == 0:
        yield [Rows(at, at + 1, heads, len(widths)) for at in range(len(widths))]


def _after_each_other(widths: Sequence[int], heads: int) -> Iterator[Rows]:
    start = 0
    for width in widths:
        yield Rows(start, start + width, heads)
        start += width
