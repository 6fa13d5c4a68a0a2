"""What a class promises in its docstring is held against what it computes."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from attncheck.data.report import Status
from tests.deciding import finding_of


class Fused(nn.Module):
    """Self-attention. The checkpoint stores all q | all k | all v."""

    def __init__(self, dim: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def parts(self, t: Tensor) -> tuple[Tensor, ...]:
        return t.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.parts(self.qkv(x))
        a = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        return self.proj((a @ v).transpose(1, 2).flatten(2))


class ByHead(Fused):
    """Its checkpoint holds rows laid out as q, k, v."""

    def parts(self, t: Tensor) -> tuple[Tensor, ...]:
        return t.unflatten(-1, (self.heads, 3, -1)).permute(3, 0, 2, 1, 4).unbind(0)


class ByHeadUnpromised(ByHead):
    """One matrix for q, k, v."""


class Gather(nn.Module):
    """Double attention with a skip connection."""

    skip = True

    def __init__(self, c: int, m: int = 16, n: int = 8) -> None:
        super().__init__()
        self.a, self.b, self.v = nn.Conv2d(c, m, 1), nn.Conv2d(c, n, 1), nn.Conv2d(c, n, 1)
        self.rec = nn.Conv2d(m, c, 1)

    def forward(self, x: Tensor) -> Tensor:
        gather = self.b(x).flatten(2).softmax(2)
        z = self.a(x).flatten(2) @ gather.mT @ self.v(x).flatten(2).softmax(1)
        y = self.rec(z.unflatten(2, x.shape[2:]))
        return x + y if self.skip else y


class NothingAdded(Gather):
    """Double attention with its own residual connection."""

    skip = False


class NothingPromised(Gather):
    """Double attention, to be used with a residual connection if the caller wants one."""

    skip = False


class LeftToABlock(Gather):
    """Double attention for blocks that put a residual connection around it."""

    skip = False


class Dropped(Gather):
    """Double attention with residual dropout."""

    skip = False


@pytest.mark.parametrize(("model", "spec"), [(ByHead, "mha"), (NothingAdded, "a2")])
def test_a_promise_that_is_not_kept_departs(model: type[nn.Module], spec: str) -> None:
    finding = finding_of("equivalence", model, spec)
    assert finding.status is Status.VIOLATED
    assert "its docstring says" in finding.message


@pytest.mark.parametrize(
    ("model", "spec"),
    [
        (Fused, "mha"),
        (ByHeadUnpromised, "mha"),
        (Gather, "a2"),
        (NothingPromised, "a2"),
        (LeftToABlock, "a2"),
        (Dropped, "a2"),
    ],
)
def test_a_promise_that_is_kept_and_none_at_all_are_fine(model: type[nn.Module], spec: str) -> None:
    assert finding_of("equivalence", model, spec).status is Status.HOLDS
