"""The module computes in the precision that it is moved to."""

from typing import Any

import torch
from torch import nn

from tests.deciding import finding_of
from tests.source.marked import marked

HALF: dict[str, Any] = {"dtypes": ["bfloat16", "float16"]}


class FloatConstant(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x + torch.ones(x.shape[1], 1, 1))


class ConstantLikeInput(FloatConstant):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x + x.new_ones(x.shape[1], 1, 1))


class MatmulConstant(FloatConstant):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bchw,cd->bdhw", self.fc(x), torch.eye(x.shape[1]))


class AnswersInFloat(FloatConstant):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x).float()


class WideInside(FloatConstant):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x).float().softmax(1).to(x.dtype)


class Deep(nn.Module):
    """Twelve layers and an attention: rounding adds up and is no fault."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(c, c, 1) for _ in range(12))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x).relu() + 0.5 * x
        t = x.flatten(2)
        return ((t.mT @ t).softmax(-1) @ t.mT).mT.reshape(x.shape)


class OnePassVariance(FloatConstant):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.fc(x) + 500.0
        variance = (y * y).mean((2, 3), keepdim=True) - y.mean((2, 3), keepdim=True) ** 2
        return (y - 500.0) * (variance.abs() + 1e-5).rsqrt()


class Random(FloatConstant):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) * torch.rand_like(x)


class LargeMaskValue(FloatConstant):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.fc(x).masked_fill(x > 0, -1e9).softmax(1)


def test_a_float32_matrix_is_found_in_float64() -> None:
    finding = finding_of("dtype", MatmulConstant)
    assert finding.status == "violated"
    assert "float64" in finding.message


def test_a_float32_constant_that_changes_the_dtype_is_found_in_half_precision() -> None:
    assert finding_of("dtype", FloatConstant, parameters=HALF).status == "violated"
    assert finding_of("dtype", ConstantLikeInput, parameters=HALF).status == "holds"


def test_an_answer_in_another_dtype_is_found() -> None:
    finding = finding_of("dtype", AnswersInFloat)
    assert finding.status == "violated"
    assert "answers in float32" in finding.message


def test_computing_wider_inside_is_fine() -> None:
    assert finding_of("dtype", WideInside).status == "holds"
    assert finding_of("dtype", WideInside, parameters=HALF).status == "holds"


def test_rounding_in_a_deep_module_is_fine() -> None:
    assert finding_of("dtype", Deep).status == "holds"
    assert finding_of("dtype", Deep, parameters=HALF).status == "holds"


def test_a_difference_of_squares_loses_too_much() -> None:
    finding = finding_of("dtype", OnePassVariance, parameters=HALF)
    assert finding.status == "violated"


def test_a_mask_value_beyond_float16_is_found() -> None:
    assert finding_of("dtype", LargeMaskValue, parameters=HALF).status == "violated"
    wider = {"dtypes": ["float32", "float64", "bfloat16"]}
    assert finding_of("dtype", LargeMaskValue, parameters=wider).status == "holds"


def test_a_random_module_is_not_accused() -> None:
    assert finding_of("dtype", Random).status != "violated"
    assert finding_of("dtype", Random, parameters=HALF).status != "violated"


class Unscaled(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.q, self.k = nn.Conv2d(c, c, 1), nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.q(x).flatten(2), self.k(x).flatten(2), x.flatten(2)
        scores = q.mT @ k  # <- here
        return ((scores * q.shape[1] ** -0.5).softmax(-1) @ v.mT).mT.reshape(x.shape)


class LosesTheSmall(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        far = x.abs().amax(1, keepdim=True) ** 3
        return (x + far) - far


def test_the_line_that_overflows_first_is_told_and_no_fault() -> None:
    finding = finding_of("dtype", Unscaled)
    assert finding.status == "holds"
    assert finding.message == "float16 overflows on inputs of size 100"
    assert finding.location is not None
    assert finding.location.line == marked(Unscaled)


def test_large_numbers_are_tried() -> None:
    finding = finding_of("dtype", LosesTheSmall, parameters=HALF)
    assert finding.status == "violated"
    assert "with inputs" in finding.message


class PicksTheStrongest(nn.Module):
    def __init__(self, channels: int, k: int = 8) -> None:
        super().__init__()
        self.k, self.score = k, nn.Linear(channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        s = self.score(x.mean((2, 3)))
        top, index = s.topk(self.k, dim=1)
        gate = torch.zeros_like(s).scatter(1, index, top.sigmoid())
        return x * (gate + s.sigmoid())[..., None, None]


def test_a_choice_that_hangs_by_a_rounding_is_no_fault() -> None:
    finding = finding_of("dtype", PicksTheStrongest, parameters=HALF)
    assert finding.status == "holds", finding.message
