"""Attentional feature fusion whose shares sum to two, as in its authors' code."""

import torch.nn as nn


class Fuse(nn.Module):
    def __init__(self, channels, reduction=4):
        super().__init__()
        c, h = channels, channels // reduction
        self.local = nn.ModuleList([nn.Conv2d(c, h, 1), nn.Conv2d(h, c, 1)])
        self.local_bn = nn.ModuleList([nn.BatchNorm2d(h), nn.BatchNorm2d(c)])
        self.whole = nn.ModuleList([nn.Linear(c, h), nn.Linear(h, c)])
        self.whole_bn = nn.ModuleList([nn.BatchNorm1d(h), nn.BatchNorm1d(c)])
        self.act = nn.ReLU()

    def through(self, layers, norms, t):
        t = self.act(norms[0](layers[0](t)))
        return norms[1](layers[1](t))

    def forward(self, x, y):
        both = x + y
        near = self.through(self.local, self.local_bn, both)
        far = self.through(self.whole, self.whole_bn, both.flatten(2).mean(-1))
        share = (near + far.view(*far.shape, 1, 1)).sigmoid()
        return 2 * (y + share * (x - y))
