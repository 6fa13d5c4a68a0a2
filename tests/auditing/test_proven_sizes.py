"""Numbers that a module keeps under no name: its proof tells them, and the claims follow."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

import attncheck


class Conv(nn.Module):
    def __init__(self, wide: int, narrow: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(wide, narrow, kernel, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(narrow)

    def forward(self, x: Tensor) -> Tensor:
        return silu(self.bn(self.conv(x)))


class Bottleneck(nn.Module):
    def __init__(self, first: int, width: int = 16) -> None:
        super().__init__()
        self.cv1, self.cv2 = Conv(16, 8, first), Conv(8, width, 3)
        self.shortcut = width == 16

    def forward(self, x: Tensor) -> Tensor:
        y = self.cv2(self.cv1(x))
        return x + y if self.shortcut else y


def test_a_kernel_that_only_the_tensors_tell_makes_no_contradiction() -> None:
    for first in (1, 3):
        asked = {"inputs": [(2, 16, 12, 12)], "claims": ["equivalence", "reach"]}
        report = attncheck.audit(Bottleneck(first), "bottleneck", **asked)
        findings = {f.claim: f.status.value for f in report.subjects[0].findings}
        assert findings == {"equivalence": "holds", "reach": "holds"}, first


class Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(2, 1, 3, padding=1, bias=False), nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        pooled = torch.stack([x.amax(1), x.mean(1)], 1)
        return x * self.bn(self.conv(pooled)).sigmoid()


class Triplet(nn.Module):
    """Triplet attention with a kernel of 3 that no argument tells."""

    def __init__(self) -> None:
        super().__init__()
        self.cw, self.hc, self.hw = Gate(), Gate(), Gate()

    def forward(self, x: Tensor) -> Tensor:
        turned = self.cw(x.transpose(1, 2)).transpose(1, 2)
        also = self.hc(x.transpose(1, 3)).transpose(1, 3)
        return (turned + also + self.hw(x)) / 3


def test_so_it_is_with_a_class() -> None:
    report = attncheck.audit(Triplet, "triplet", claims=["equivalence", "reach"])
    findings = {f.claim: f.status.value for f in report.subjects[0].findings}
    assert set(findings.values()) == {"holds"}, findings


def test_another_width_than_its_inputs_is_what_it_answers() -> None:
    asked = {"inputs": [(2, 16, 12, 12)], "claims": ["equivalence", "shape", "parameters"]}
    report = attncheck.audit(Bottleneck(1, width=24), "bottleneck", **asked)
    findings = {f.claim: f.status.value for f in report.subjects[0].findings}
    assert findings == dict.fromkeys(asked["claims"], "holds")
