"""Category consistent loss: pixels to their mean, means apart."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "ccl"
VALUES = [{}, {"near": 0.2, "far": 0.9, "variance": 2.0, "distance": 0.5, "size": 0.1}]


def inputs(v) -> tuple[Tensor, ...]:
    return torch.randn(2, 3, 2, 4, dtype=torch.float64), torch.randint(0, 3, (2, 2, 4))


def equation(p, v, x: Tensor, labels: Tensor) -> Tensor:
    classes = sorted(set(labels.flatten().tolist()))
    groups = []
    for c in classes:
        groups.append(
            [
                x[b, :, i, j]
                for b in range(x.shape[0])
                for i in range(x.shape[2])
                for j in range(x.shape[3])
                if labels[b, i, j] == c
            ]
        )
    mu = [sum(group) / len(group) for group in groups]
    var = dis = reg = torch.zeros((), dtype=x.dtype)
    for group, mean in zip(groups, mu, strict=True):
        phi = []
        for h in group:
            r = (h - mean).norm()
            if r > v.far:
                phi.append(r - v.far + (v.far - v.near) ** 2)
            else:
                phi.append((r - v.near) ** 2 if r > v.near else 0 * r)
        var = var + sum(phi) / len(phi) / len(classes)
        reg = reg + mean.norm() / len(classes)
    for a, one in enumerate(mu):
        for b, two in enumerate(mu):
            r = (one - two).norm()
            if a != b and r <= 2 * v.far:
                dis = dis + (2 * v.far - r) ** 2 / (len(classes) * (len(classes) - 1))
    return v.variance * var + v.distance * dis + v.size * reg


class ByClass(nn.Module):
    """A loop over classes."""

    def __init__(self, delta_v: float = 0.5, delta_d: float = 1.5) -> None:
        super().__init__()
        self.near, self.far = delta_v, delta_d

    def margin(self) -> float:
        return 2 * self.far

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        flat = features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])
        variance, means = [], []
        for c in labels.unique():
            own = flat[labels.reshape(-1) == c]
            mean = own.mean(0)
            r = (own - mean).norm(dim=1)
            steep = (r - self.near).clamp(min=0) ** 2
            straight = r - self.far + (self.far - self.near) ** 2
            variance.append(torch.where(r > self.far, straight, steep).mean())
            means.append(mean)
        mu = torch.stack(means)
        loss = torch.stack(variance).mean() + 0.001 * mu.norm(dim=1).mean()
        first, second = torch.triu_indices(len(mu), len(mu), 1)
        if len(first):
            between = (mu[first] - mu[second]).norm(dim=1)
            loss = loss + (self.margin() - between).clamp(min=0).pow(2).mean()
        return loss


class MarginNotDoubled(ByClass):
    def margin(self) -> float:
        return self.far


STYLES = ["ByClass"]
FAULTS = {"MarginNotDoubled": "equivalence"}
