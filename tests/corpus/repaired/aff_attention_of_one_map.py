"""Two feature maps fused by weights of their own."""

import torch
import torch.nn as nn


def perceptron(width, hidden):
    return nn.Sequential(
        nn.Conv2d(width, hidden, 1, bias=False),
        nn.BatchNorm2d(hidden),
        nn.ReLU(),
        nn.Conv2d(hidden, width, 1, bias=False),
        nn.BatchNorm2d(width),
    )


class FusionGate(nn.Module):
    def __init__(self, width, squeeze=4):
        super().__init__()
        self.pointwise = perceptron(width, width // squeeze)
        self.pooled = perceptron(width, width // squeeze)

    def forward(self, low, high):
        both = low + high
        logits = self.pointwise(both) + self.pooled(both.mean(dim=(2, 3), keepdim=True))
        share = torch.sigmoid(logits)
        return share * low + (1.0 - share) * high
