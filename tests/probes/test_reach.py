"""What may depend on what: positions, passes, channels."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from attncheck.auditing.decide import decide
from attncheck.catalogue import load
from tests.catalogue.ufo import OneMatrix, Units
from tests.deciding import finding_of, subject_of

CROSS = {"per_pass": {"1": "row + column", "2": "all"}}


class CrissCross(nn.Module):
    """Einsum, a mask made from eye, gamma = 0 at initialisation."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (
            nn.Conv2d(c, c // 8, 1),
            nn.Conv2d(c, c // 8, 1),
            nn.Conv2d(c, c, 1),
        )
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.q(x), self.k(x), self.v(x)
        h = x.shape[2]
        down = torch.einsum("bchw,bcgw->bhwg", q, k)
        down = down.masked_fill(torch.eye(h, dtype=torch.bool)[:, None, :], float("-inf"))
        along = torch.einsum("bchw,bchv->bhwv", q, k)
        a = torch.cat([down, along], -1).softmax(-1)
        y = torch.einsum("bhwg,bcgw->bchw", a[..., :h], v)
        return x + self.gamma * (y + torch.einsum("bhwv,bchv->bchw", a[..., h:], v))


class RowOnly(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.q, self.v = nn.Conv2d(c, c, 1), nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a = torch.einsum("bchw,bchv->bhwv", self.q(x), x).softmax(-1)
        return x + torch.einsum("bhwv,bchv->bchw", a, self.v(x))


class Scrambled(CrissCross):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape
        return super().forward(x.reshape(b, c, w, h)).reshape(b, c, h, w)


class Conv(nn.Module):
    def __init__(self, c: int, k: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.leaky_relu(self.conv(x), 0.1) + x


class SE(nn.Module):
    """Two hidden units: often every ReLU is dead."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(c, 2), nn.Linear(2, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        s = self.b(F.relu(self.a(x.mean((2, 3))))).sigmoid()
        return x * s[..., None, None]


class NonLocal(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Conv2d(c, c // 2, 1) for _ in range(3))
        self.out = nn.Conv2d(c // 2, c, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (f(x).flatten(2).mT[:, None] for f in (self.q, self.k, self.v))
        y = F.scaled_dot_product_attention(q, k, v)[:, 0].mT
        return x + self.out(y.unflatten(2, x.shape[2:]))


class MaxPooledGate(nn.Module):
    """Only the maximum passes: gradients see one position per channel."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.ones(c))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (self.w * x.amax((2, 3))).sigmoid()[..., None, None]


class DetachedGate(NonLocal):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + (super().forward(x) - x).detach()


class Pooled(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.c = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.c(F.adaptive_avg_pool2d(x, 1)).sigmoid()


class Tokens(nn.Module):
    def __init__(self, dim: int, behind: int | None = 3, ahead: int = 0) -> None:
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)
        self.norm = nn.LayerNorm(dim)
        self.behind, self.ahead = behind, ahead

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        n = x.shape[1]
        gap = torch.arange(n)[:, None] - torch.arange(n)
        allowed = gap >= -self.ahead
        if self.behind is not None:
            allowed = allowed & (gap <= self.behind)
        bias = torch.zeros(n, n, dtype=x.dtype).masked_fill(~allowed, -1e9)
        return self.norm(x + (q @ k.mT + bias).softmax(-1) @ v)


def test_a_right_criss_cross_reaches_row_and_column_then_all() -> None:
    assert finding_of("reach", CrissCross, parameters=CROSS).status == "holds"


def test_a_row_attention_misses_the_column() -> None:
    finding = finding_of("reach", RowOnly, parameters=CROSS)
    assert finding.status == "violated"
    assert "its row, not row + column" in finding.message
    assert finding.evidence["proved"]


def test_a_scrambled_map_leaks() -> None:
    finding = finding_of("reach", Scrambled, parameters=CROSS)
    assert finding.status == "violated"
    assert "leak" in finding.evidence


def test_a_convolution_is_a_window_not_a_cross() -> None:
    finding = finding_of("reach", Conv, parameters=CROSS)
    assert finding.status == "violated"
    assert "reaches 5 of the 17 positions claimed and 4 others: a 3×3 window" in finding.message
    seen, claimed = finding.evidence["seen"], finding.evidence["claimed"]
    assert sum(map(sum, seen)) == 9
    assert sum(map(sum, claimed)) == 17
    assert finding.evidence["size"] == [len(seen), len(seen[0])]


@pytest.mark.parametrize(("window", "status"), [("3", "holds"), ("k", "holds"), ("5", "violated")])
def test_a_window_is_counted_exactly(window: str, status: str) -> None:
    found = finding_of("reach", Conv, parameters={"positions": f"window {window}"}, dims={"k": 3})
    assert found.status == status


def test_two_passes_of_a_convolution_reach_two_rings() -> None:
    claim = {"per_pass": {"1": "window 3", "2": "window 5"}}
    assert finding_of("reach", Conv, parameters=claim).status == "holds"


@pytest.mark.parametrize("module", [SE, NonLocal, MaxPooledGate, DetachedGate])
def test_dead_units_zero_scales_maxima_and_detached_paths_reach_all(module: type) -> None:
    assert finding_of("reach", module, parameters={"positions": "all"}).status == "holds"


def test_at_least_allows_more_and_at_most_less() -> None:
    assert (
        finding_of("reach", SE, parameters={"positions": "self", "exact": False}).status == "holds"
    )
    assert finding_of("reach", SE, parameters={"positions": "self"}).status == "violated"
    most = {"positions": "window 7", "most": True}
    assert finding_of("reach", Conv, parameters=most).status == "holds"
    assert finding_of("reach", SE, parameters=most).status == "violated"


def test_one_value_per_channel_has_no_local_reach() -> None:
    finding = finding_of("reach", Pooled, parameters={"positions": "window 3"})
    assert finding.status == "violated"
    assert "every position" in finding.message


@pytest.mark.parametrize(
    ("behind", "ahead", "claim"),
    [(None, 0, "causal"), (3, 0, "causal window 4"), (2, 2, "window 5"), (None, 99, "all")],
)
def test_token_sets_hold(behind: int | None, ahead: int, claim: str) -> None:
    found = finding_of(
        "reach",
        Tokens,
        "tokens",
        parameters={"positions": claim},
        dim=16,
        behind=behind,
        ahead=ahead,
    )
    assert found.status == "holds"


@pytest.mark.parametrize(
    ("behind", "ahead", "claim"),
    [(4, 0, "causal window 4"), (None, 1, "causal"), (2, 2, "causal"), (3, 0, "causal")],
)
def test_a_window_one_token_too_wide_is_found(behind: int | None, ahead: int, claim: str) -> None:
    found = finding_of(
        "reach",
        Tokens,
        "tokens",
        parameters={"positions": claim},
        dim=16,
        behind=behind,
        ahead=ahead,
    )
    assert found.status == "violated"


class Grouped(nn.Module):
    def __init__(self, c: int, g: int) -> None:
        super().__init__()
        self.c = nn.Conv2d(c, c, 3, padding=1, groups=g)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.c(x)


@pytest.mark.parametrize(
    ("g", "claim", "status"),
    [
        (1, "all", "holds"),
        (4, "all", "violated"),
        (4, "group 4", "holds"),
        (4, "groups of C // 4", "holds"),
        (32, "self", "holds"),
        (1, "self", "violated"),
    ],
)
def test_groups_of_channels(g: int, claim: str, status: str) -> None:
    assert finding_of("reach", Grouped, parameters={"channels": claim}, g=g).status == status


def test_grouping_says_what_an_output_channel_sees() -> None:
    finding = finding_of("reach", Grouped, parameters={"channels": "all"}, g=4)
    assert "reaches 8 of the 32 channels claimed" in finding.message


class Cross(nn.Module):
    """Attends to a memory, or to its first tokens alone."""

    def __init__(self, dim: int, first: int = 99) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(dim, dim) for _ in range(3))
        self.first = first

    def forward(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        key, value = key[:, : self.first], value[:, : self.first]
        return F.scaled_dot_product_attention(self.q(query), self.k(key), self.v(value))


@pytest.mark.parametrize(("first", "status"), [(99, "holds"), (2, "violated")])
def test_every_query_reaches_the_whole_memory(first: int, status: str) -> None:
    claim = {"positions": "all", "input": "value"}
    assert finding_of("reach", Cross, "mha", parameters=claim, first=first).status == status


class LastThree(nn.Module):
    """The mean of a token and the two before it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gap = torch.arange(x.shape[1])[:, None] - torch.arange(x.shape[1])
        near = ((gap >= 0) & (gap < 3)).to(x)
        return near / near.sum(1, keepdim=True) @ x


class Kernel(nn.Module):
    """Positive random features: exp(w·k - |k|²/2), which drown all but the shortest keys."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm, self.kqv = nn.LayerNorm(dim), nn.Linear(dim, 3 * dim)
        self.w = nn.Parameter(torch.randn(dim // 2, dim) * 4, requires_grad=False)

    def kept(self, t: torch.Tensor) -> torch.Tensor:
        return t

    def features(self, t: torch.Tensor) -> torch.Tensor:
        return (t @ self.w.T - 4 * t.square().sum(-1, keepdim=True)).exp()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        k, q, v = self.kqv(self.norm(x)).chunk(3, -1)
        kp, qp = self.kept(self.features(k)), self.features(q)
        return v + qp @ (kp.mT @ v) / ((qp @ kp.sum(1)[..., None]) + 1e-8)


class KernelCut(Kernel):
    def kept(self, t: torch.Tensor) -> torch.Tensor:
        return t * (torch.arange(t.shape[1]) != 1)[:, None]


def test_what_a_kernel_drowns_is_reached_where_weights_are_small() -> None:
    every = {"positions": "all"}
    assert finding_of("reach", Kernel, "tokens", parameters=every).status == "holds"
    assert finding_of("attends", Kernel, "tokens").status == "holds"
    cut = finding_of("reach", KernelCut, "tokens", parameters=every)
    assert cut.status == "violated", cut.message


def test_either_of_two_sets_may_be_reached() -> None:
    either = {"positions": "window 3 or causal window 3"}
    assert finding_of("reach", LastThree, "tokens", parameters=either).status == "holds"
    neither = {"positions": "all or causal window 2"}
    assert finding_of("reach", LastThree, "tokens", parameters=neither).status == "violated"


def test_a_query_of_its_own_is_not_asked_to_reach_the_others() -> None:
    claim = load("ufo").claims["reach"]
    apart = decide("reach", claim, subject_of(Units, "ufo"))
    assert apart.status == "skipped"
    assert "without 'x'" in apart.message
    assert decide("reach", claim, subject_of(OneMatrix, "ufo")).status == "holds"
