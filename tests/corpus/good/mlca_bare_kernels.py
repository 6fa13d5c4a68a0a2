"""Mixed local channel attention with its two kernels as bare parameters."""

import torch
from torch import nn
from torch.nn import functional as F


class MixedLocal(nn.Module):
    def __init__(self, kernel=3, cells=5):
        super().__init__()
        self.cells = cells
        self.of_cells = nn.Parameter(torch.randn(1, 1, kernel) * 0.3)
        self.of_map = nn.Parameter(torch.randn(1, 1, kernel) * 0.3)

    def gate(self, kernel, rows):
        return (
            F.conv1d(rows.unsqueeze(1), kernel, padding=kernel.shape[-1] // 2).squeeze(1).sigmoid()
        )

    def forward(self, x):
        grid = F.adaptive_avg_pool2d(x, self.cells).movedim(1, -1)
        near = self.gate(self.of_cells, grid.flatten(1)).view_as(grid)
        far = self.gate(self.of_map, grid.mean((1, 2)))
        both = (near + far[:, None, None]) / 2
        return x * F.adaptive_avg_pool2d(both.movedim(-1, 1), x.shape[-2:])
