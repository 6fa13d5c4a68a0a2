"""Multi-scale channel attention with the channels last and matrices for both branches."""

import torch
import torch.nn as nn


class Perceptron(nn.Module):
    def __init__(self, dim, inner):
        super().__init__()
        self.down, self.up = nn.Linear(dim, inner, bias=False), nn.Linear(inner, dim, bias=False)
        self.bn_down, self.bn_up = nn.BatchNorm1d(inner), nn.BatchNorm1d(dim)

    def forward(self, rows):
        return self.bn_up(self.up(torch.relu(self.bn_down(self.down(rows)))))


class TwoScales(nn.Module):
    def __init__(self, dim, inner):
        super().__init__()
        self.pixel, self.scene = Perceptron(dim, inner), Perceptron(dim, inner)

    def forward(self, x):
        b, c, h, w = x.shape
        pixels = x.permute(0, 2, 3, 1).reshape(-1, c)
        near = self.pixel(pixels).reshape(b, h * w, c)
        far = self.scene(x.mean((-1, -2))).unsqueeze(1)
        gate = torch.sigmoid(near + far).transpose(1, 2).reshape(b, c, h, w)
        return gate * x
