"""A call changes neither the caller's tensors nor, in eval mode, the module."""

import torch
from torch import nn

from tests.deciding import finding_of


class ReluEatsInput(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.relu, self.fc = nn.ReLU(inplace=True), nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.relu(x))


class ReluOnItsOwn(ReluEatsInput):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.fc(x))


class WritesThroughData(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x.data[:, 0] = 0
        return self.fc(x)


class ReplacesParameter(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.randn(c))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.mix = nn.Parameter(self.mix.detach().softmax(0))
        return x * self.mix.view(1, -1, 1, 1)


class KeepsEveryMap(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, 1, 1)
        self.maps: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate = self.fc(x).sigmoid()
        self.maps.append(gate.detach())
        return x * gate


class KeepsLastMap(KeepsEveryMap):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate = self.fc(x).sigmoid()
        self.last = gate.detach()
        return x * gate


class InvertsMask(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.score = nn.Linear(dim, 1)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        mask[mask == 0] = -1e4
        weights = (self.score(x).squeeze(-1) + mask).softmax(-1)
        return x * weights.unsqueeze(-1)


class ReadsMask(InvertsMask):
    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        scores = self.score(x).squeeze(-1).masked_fill(mask == 0, -1e4)
        return x * scores.softmax(-1).unsqueeze(-1)


def test_an_inplace_first_layer_is_found() -> None:
    finding = finding_of("unmodified", ReluEatsInput)
    assert finding.status == "violated"
    assert finding.evidence["input"] == "x"


def test_an_inplace_layer_on_the_modules_own_tensor_is_fine() -> None:
    assert finding_of("unmodified", ReluOnItsOwn).status == "holds"


def test_writing_through_data_is_found() -> None:
    assert finding_of("unmodified", WritesThroughData).status == "violated"


def test_a_parameter_that_is_replaced_is_found() -> None:
    finding = finding_of("unmodified", ReplacesParameter)
    assert finding.status == "violated"
    assert "mix" in finding.message


def test_a_list_that_grows_is_found_and_a_kept_map_is_not() -> None:
    assert "more tensors" in finding_of("unmodified", KeepsEveryMap).message
    assert finding_of("unmodified", KeepsLastMap).status == "holds"


def test_a_mask_that_is_rewritten_is_found() -> None:
    inputs = ("2x7x48", "2x7:valid-01")
    finding = finding_of("unmodified", InvertsMask, "tokens", inputs=inputs)
    assert finding.status == "violated"
    assert finding.evidence["input"] == "mask"
    assert finding_of("unmodified", ReadsMask, "tokens", inputs=inputs).status == "holds"
