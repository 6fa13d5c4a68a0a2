"""Blocks that put an attention into C3."""

from ..attention import channel
from ..attention.space import CBAM
from ..common import C3, Bottleneck


class BottleneckCBAM(Bottleneck):
    def __init__(self, c1, c2, shortcut=True, g=1, e=0.5):
        super().__init__(c1, c2, shortcut, g, e)
        self.cbam = CBAM(c2)

    def forward(self, x):
        y = self.cbam(self.cv2(self.cv1(x)))
        return x + y if self.add else y


class C3SE(C3):
    def __init__(self, c1, c2, n=1, shortcut=True, g=1, e=0.5):
        super().__init__(c1, c2, n, shortcut, g, e)
        self.se = channel.SE(c2)

    def forward(self, x):
        return self.se(super().forward(x))
