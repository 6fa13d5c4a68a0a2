"""Second-order channel attention: the square root of a covariance."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "soca"
VALUES = [{"C": 4, "r": 2}, {"C": 3, "r": 1, "bias": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    C, N = v.C, x.shape[2] * x.shape[3]
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        t = x[b].flatten(1)
        cov = torch.zeros(C, C, dtype=x.dtype)
        for i in range(C):
            for j in range(C):
                cov[i, j] = ((t[i] - t[i].mean()) * (t[j] - t[j].mean())).sum() / N
        size = sum(cov[i, i] for i in range(C)) + v.eps
        eye = torch.eye(C, dtype=x.dtype)
        root, inverse = cov / size, eye
        for _ in range(5):
            step = (3 * eye - inverse @ root) / 2
            root, inverse = root @ step, step @ inverse
        z = (root * size**0.5).mean(0)
        a = p.squeeze.weight @ z + (p.squeeze.bias if v.bias else 0)
        u = p.excite.weight @ a.clamp(min=0) + (p.excite.bias if v.bias else 0)
        y[b] = x[b] / (1 + (-u).exp())[:, None, None]
    return y


class Centred(nn.Module):
    """The covariance by letters, the iteration as a loop of pairs."""

    def __init__(self, channel: int, reduction: int = 4) -> None:
        super().__init__()
        self.conv_du = nn.Sequential(
            nn.Conv2d(channel, channel // reduction, 1),
            nn.ReLU(),
            nn.Conv2d(channel // reduction, channel, 1),
            nn.Sigmoid(),
        )

    def covariance(self, x: Tensor) -> Tensor:
        t = x.flatten(2)
        d = torch.sub(t, t.mean(-1)[..., None]) / t.size(2) ** 0.5
        return torch.einsum("bcn,bdn->bcd", d, d)

    def root(self, cov: Tensor) -> Tensor:
        size = torch.diagonal(cov, dim1=1, dim2=2).sum(1).view(-1, 1, 1).add(1e-9)
        eye = torch.eye(cov.size(1), dtype=cov.dtype, device=cov.device)
        y, z = cov / size, eye.expand_as(cov)
        for _ in range(5):
            step = 1.5 * eye - 0.5 * torch.bmm(z, y)
            y, z = torch.bmm(y, step), torch.bmm(step, z)
        return y * torch.sqrt(size)

    def forward(self, x: Tensor) -> Tensor:
        z = self.root(self.covariance(x)).mean(1)
        return self.conv_du(z[:, :, None, None]) * x


class NotCentred(Centred):
    def covariance(self, x: Tensor) -> Tensor:
        t = x.flatten(2)
        return t @ t.mT / t.size(2)


class NoSigmoid(Centred):
    def forward(self, x: Tensor) -> Tensor:
        z = self.root(self.covariance(x)).mean(1)
        return self.conv_du[:3](z[:, :, None, None]) * x


STYLES = ["Centred"]
FAULTS = {"NotCentred": "shift-invariance", "NoSigmoid": "gate"}
