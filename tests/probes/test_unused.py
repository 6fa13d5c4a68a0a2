"""Every parameter, input and mask has some influence on the output."""

import torch
from torch import nn

from attncheck.data.report import Status
from tests.deciding import finding_of


class Attention(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        return self.out((q @ k.mT / 5).softmax(-1) @ v)


class ForgottenLayer(Attention):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.last = nn.Linear(dim, dim)


class ValuesAreKeys(Attention):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, _ = self.qkv(x).chunk(3, -1)
        return self.out((q @ k.mT / 5).softmax(-1) @ k)


class SoftmaxOverOne(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.score, self.fc = nn.Conv2d(c, 1, 1), nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) * self.score(x).softmax(1)


class SoftmaxOverAll(SoftmaxOverOne):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) * self.score(x).flatten(2).softmax(-1).reshape_as(x[:, :1])


class SpareParts(SoftmaxOverAll):
    """Submodules without parameters that are never called are no fault."""

    def __init__(self, c: int, spare: int = 3) -> None:
        super().__init__(c)
        self.pool = nn.MaxPool2d(2)


class TableOfPositions(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(c, 40, 40))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.table[:, : x.shape[2], : x.shape[3]]


class OptionalContext(Attention):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.context = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor, context: torch.Tensor | None = None) -> torch.Tensor:
        return super().forward(x if context is None else x + self.context(context))


class Cross(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(dim, dim) for _ in range(3))

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        scores = self.q(x) @ self.k(context).mT
        return scores.softmax(-1) @ self.v(context)


class IgnoresContext(Cross):
    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        return (self.q(x) @ self.k(x).mT).softmax(-1) @ self.v(x)


class IgnoresMask(Attention):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return super().forward(x)


class DuplicatedHead(nn.Module):
    """Weights that come back beside the output are used."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc, self.aux = nn.Linear(dim, dim), nn.Linear(dim, 2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.fc(x), self.aux(x)


class Parts(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(dim, dim) for _ in range(3))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        scores = self.query(x) @ self.key(x).mT
        scores = scores if mask is None else scores + mask
        return scores.softmax(-1) @ self.key(x)


class PartsInside(nn.Module):
    """The part that nobody names stands in a layer that is named."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.self, self.out = Parts(dim), nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        return self.out(self.self(x, mask))


class TokenForHidden(Attention):
    """A vector that only a call with a mask reads."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.hidden = nn.ParameterDict({"token": nn.Parameter(torch.randn(dim))})

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        if mask is not None:
            x = torch.where(mask[..., None], self.hidden["token"], x)
        return super().forward(x)


class ComputedForNothing(Attention):
    """Named in ``forward``, which takes a mask, and without effect in any call."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.gate = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        self.gate(x).sigmoid()
        q, k, v = self.qkv(x).chunk(3, -1)
        scores = q @ k.mT / 5
        if mask is not None:
            scores = scores.masked_fill(mask[:, None], float("-inf"))
        return self.out(scores.softmax(-1) @ v)


class BehindAFlag(Attention):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.gate = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor, gated: bool = False) -> torch.Tensor:
        y = super().forward(x)
        return y * self.gate(x).sigmoid() if gated else y


class BehindTwo(Attention):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.key = nn.Linear(dim, dim)

    def forward(
        self, x: torch.Tensor, memory: torch.Tensor | None = None, fused: bool = False
    ) -> torch.Tensor:
        y = super().forward(x)
        return y + self.key(memory).mean(1, keepdim=True) if fused and memory is not None else y


class BehindWhatNobodyKnows(Attention):
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.gate = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor, plan: object = None) -> torch.Tensor:
        y = super().forward(x)
        return y if plan is None else y * self.gate(x) * plan.weight  # type: ignore[attr-defined]


def test_a_layer_without_effect_is_found_though_forward_takes_more() -> None:
    finding = finding_of("unused", ComputedForNothing, "tokens")
    assert finding.status == "violated"
    assert finding.evidence["parameters"] == ["gate.weight", "gate.bias"]


def test_what_an_optional_argument_uses_is_used() -> None:
    for module in (BehindAFlag, BehindTwo):
        assert finding_of("unused", module, "tokens").status == "holds", module


def test_what_only_an_unknown_argument_could_use_is_undecided() -> None:
    finding = finding_of("unused", BehindWhatNobodyKnows, "tokens")
    assert finding.status == "undecided"
    assert "'plan'" in finding.message


def test_a_layer_that_no_method_names_is_found_whatever_else_forward_takes() -> None:
    finding = finding_of("unused", PartsInside, "tokens")
    assert finding.status == "violated"
    assert finding.evidence["parameters"] == ["self.value.weight", "self.value.bias"]
    assert finding_of("unused", TokenForHidden, "tokens").status == "holds"


def test_a_layer_that_forward_forgets_is_found() -> None:
    finding = finding_of("unused", ForgottenLayer, "tokens")
    assert finding.status == "violated"
    assert finding.evidence["parameters"] == ["last.weight", "last.bias"]
    assert finding.evidence["never_called"] == ["last"]


def test_a_third_of_a_fused_projection_is_found() -> None:
    finding = finding_of("unused", ValuesAreKeys, "tokens")
    assert finding.status == "violated"
    assert "last third of 'qkv.weight'" in finding.message


def test_a_softmax_over_one_element_is_found() -> None:
    finding = finding_of("unused", SoftmaxOverOne)
    assert finding.status == "violated"
    assert finding.evidence["parameters"] == ["score.weight"]


def test_a_context_that_is_ignored_is_found() -> None:
    assert finding_of("unused", IgnoresContext, "seq2seq").evidence["inputs"] == ["context"]
    assert finding_of("unused", Cross, "seq2seq").status == "holds"


def test_a_mask_that_is_ignored_is_found() -> None:
    inputs = ("2x7x48", "2x7:pad-true")
    assert finding_of("unused", IgnoresMask, "tokens", inputs=inputs).status == "violated"


def test_correct_modules_are_fine() -> None:
    for module in (Attention, OptionalContext, DuplicatedHead):
        assert finding_of("unused", module, "tokens").status == "holds", module
    for module in (SoftmaxOverAll, TableOfPositions):
        assert finding_of("unused", module).status == "holds", module


def test_spare_parts_and_arguments_are_noted() -> None:
    finding = finding_of("unused", SpareParts)
    assert finding.status == "holds"
    assert finding.evidence["never_called"] == ["pool"]
    assert finding.evidence["arguments_not_read"] == ["spare"]


class Squeeze(nn.Module):
    """Sixteen hidden units at least, whatever the reduction."""

    def __init__(self, channel: int, reduction: int = 4) -> None:
        super().__init__()
        hidden = self.hidden(channel, reduction)
        self.fc1, self.fc2 = nn.Linear(channel, hidden), nn.Linear(hidden, channel)

    def hidden(self, channel: int, reduction: int) -> int:
        return max(channel // reduction, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.fc2(self.fc1(x.mean((2, 3))).relu()).sigmoid()[..., None, None]


class SqueezeOfItsOwn(Squeeze):
    def hidden(self, channel: int, reduction: int) -> int:
        return channel // 4


def test_a_reduction_that_changes_nothing_is_found() -> None:
    finding = finding_of("unused", SqueezeOfItsOwn, spec="se")
    assert finding.status is Status.VIOLATED
    assert "the constructor's 'reduction' makes the same module" in finding.message


def test_a_reduction_under_a_least_width_has_its_effect() -> None:
    assert finding_of("unused", Squeeze, spec="se").status is Status.HOLDS


class FarAway(Attention):
    """The bias of offsets beyond a distance is one, and short inputs have none so far apart."""

    far = True

    def __init__(self, dim: int, max_distance: int = 16) -> None:
        super().__init__(dim)
        self.most = max_distance
        self.bias = nn.Parameter(torch.randn(64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        place = torch.arange(x.shape[1])
        apart = (place[:, None] - place).abs().clamp(max=63)
        if self.far:
            apart = torch.where(apart < 20, apart, apart.clamp(max=20 + self.most))
        return self.out((q @ k.mT / 5 + self.bias[apart]).softmax(-1) @ v)


class FarIgnored(FarAway):
    far = False


def test_a_distance_that_short_inputs_have_not_is_tried_on_long_ones() -> None:
    finding = finding_of("unused", FarAway, "t5-bias", dim=12)
    assert "max_distance" not in finding.message
    finding = finding_of("unused", FarIgnored, "t5-bias", dim=12)
    assert "'max_distance' makes the same module" in finding.message
