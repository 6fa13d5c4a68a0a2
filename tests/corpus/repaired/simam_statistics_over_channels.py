import torch
from torch import nn


class EnergyAttention(nn.Module):
    def __init__(self, coefficient=1e-4):
        super().__init__()
        self.coefficient = coefficient

    def forward(self, x):
        axes = (-2, -1)
        variance, mean = torch.var_mean(x, dim=axes, keepdim=True)
        inverse_energy = (x - mean) ** 2 / (4 * (variance + self.coefficient)) + 0.5
        return x * inverse_energy.sigmoid()
