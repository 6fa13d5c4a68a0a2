"""The order of axes that a module uses is found where several of them run."""

import pytest
import torch
from torch import nn

from attncheck.subject.trial import Trial
from tests.deciding import subject_of


class Windows(nn.Module):
    """Channels last, in windows of three."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, h, w, c = x.shape
        t = x.reshape(b, h // 2, 2, w // 2, 2, c)
        return self.fc(t).reshape(b, h, w, c)


class Pixels(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


class OverTheBatch(Pixels):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.conv(x).softmax(0)


def test_a_cube_is_read_as_the_module_reads_it() -> None:
    subject = subject_of(Windows, inputs=("2x8x8x8",), dim=8)
    assert subject.convention.layout == "channels-last"


def test_a_shape_that_contradicts_the_width_is_read_in_another_order() -> None:
    subject = subject_of(Windows, inputs=("2x6x4x8",), dim=8)
    assert subject.convention.layout == "channels-last"
    assert (subject.dims["H"], subject.dims["W"], subject.dims["C"]) == (6, 4, 8)


def test_our_order_stays_where_it_works() -> None:
    assert subject_of(Pixels, inputs=("2x8x8x8",), dim=8).convention.layout == ""


def test_a_module_that_mixes_the_batch_in_every_order_keeps_ours() -> None:
    assert subject_of(OverTheBatch, inputs=("2x8x8x8",), dim=8).convention.layout == ""


class CausalOverTime(nn.Module):
    """(N, B, C): read as (B, N, C), the first sample would see itself alone."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        later = torch.ones(len(x), len(x), dtype=torch.bool).triu(1)
        return self.attention(x, x, x, attn_mask=later)[0]


def test_causal_attention_over_the_first_axis_is_time_major() -> None:
    subject = subject_of(CausalOverTime, "causal", dim=8)
    assert subject.convention.layout == "time-major"


class SaysNothing(CausalOverTime):
    pass


class UnpacksTimeFirst(SaysNothing):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, b, c = x.shape
        return super().forward(x).reshape(n, b, c)


def test_a_stated_input_is_in_the_order_of_the_spec() -> None:
    subject = subject_of(SaysNothing, "causal", inputs=("5x3x8",), dim=8)
    assert subject.convention.layout == ""
    assert (subject.dims["B"], subject.dims["N"]) == (5, 3)


@pytest.mark.parametrize("factory", [CausalOverTime, UnpacksTimeFirst])
def test_unless_the_author_writes_another(factory: type[nn.Module]) -> None:
    subject = subject_of(factory, "causal", inputs=("5x3x8",), dim=8)
    assert subject.convention.layout == "time-major"


class SoftmaxInSinglePrecision(nn.Module):
    def __init__(self, dim: int, *, table: bool = False) -> None:
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)
        self.table = table

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        scores = (q @ k.transpose(1, 2)).float()
        if self.table:
            scores = scores @ torch.eye(x.shape[1])
        return torch.softmax(scores, -1, dtype=torch.float32).to(v.dtype) @ v


def test_a_softmax_in_single_precision_is_tried_in_double() -> None:
    subject = subject_of(SoftmaxInSinglePrecision, "tokens", dim=8)
    assert subject.widened
    trial = Trial(subject, subject.base())
    module, inputs = trial.module(), trial.inputs()
    q, k, v = module.qkv(inputs["x"]).chunk(3, -1)
    exact = (q @ k.transpose(1, 2)).softmax(-1) @ v
    assert torch.allclose(trial.run(module, inputs), exact, rtol=1e-12, atol=1e-12)


def test_what_needs_its_single_precision_keeps_it() -> None:
    assert not subject_of(SoftmaxInSinglePrecision, "tokens", dim=8, table=True).widened
    assert not subject_of(nn.Identity, "tokens").widened
