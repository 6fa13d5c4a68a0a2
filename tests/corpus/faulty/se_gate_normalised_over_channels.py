from torch import nn


class SqueezeGate(nn.Module):
    def __init__(self, planes, hidden):
        super().__init__()
        self.body = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(planes, hidden, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(hidden, planes, 1, bias=False),
        )

    def forward(self, feature):
        gate = self.body(feature)
        gate = gate.softmax(1)
        return feature.mul(gate)
