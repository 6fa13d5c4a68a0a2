"""Numbers that an instance keeps under no name: its proof tells them, and the claims follow."""

from __future__ import annotations

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


def test_another_width_than_its_inputs_is_what_it_answers() -> None:
    asked = {"inputs": [(2, 16, 12, 12)], "claims": ["equivalence", "shape", "parameters"]}
    report = attncheck.audit(Bottleneck(1, width=24), "bottleneck", **asked)
    findings = {f.claim: f.status.value for f in report.subjects[0].findings}
    assert findings == dict.fromkeys(asked["claims"], "holds")
