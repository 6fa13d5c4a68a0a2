"""Perceptrons, recurrent layers and other mixing of tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class OneLayer(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class Widening(nn.Module):
    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.fc = nn.Linear(in_features, out_features)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.fc(x))


class FeedForward(nn.Module):
    def __init__(self, dim: int, mult: int = 4) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(dim, dim * mult), nn.GELU(), nn.Dropout(0.1), nn.Linear(dim * mult, dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class PreNormFeedForward(nn.Module):
    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(d_model)
        self.up, self.down = nn.Linear(d_model, 2 * d_model), nn.Linear(2 * d_model, d_model)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.down(F.relu(self.up(self.norm(x))))


class PostNormFeedForward(nn.Module):
    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(d_model, 2 * d_model), nn.Linear(2 * d_model, d_model)
        self.norm = nn.LayerNorm(d_model)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + self.down(F.gelu(self.up(x))))


class SwiGLU(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.w1, self.w3 = nn.Linear(dim, 2 * dim, bias=False), nn.Linear(dim, 2 * dim, bias=False)
        self.w2 = nn.Linear(2 * dim, dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class GEGLU(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj = nn.Linear(dim, 2 * dim)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, -1)
        return value * F.gelu(gate)


class GatedLinear(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.value, self.gate = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.value(x) * torch.sigmoid(self.gate(x))


class Highway(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.change, self.carry = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        t = torch.sigmoid(self.carry(x))
        return t * F.relu(self.change(x)) + (1 - t) * x


class SquaredReLU(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(dim, 3 * dim), nn.Linear(3 * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.relu(self.up(x)).square())


class LowRank(nn.Module):
    def __init__(self, dim: int, rank: int = 3) -> None:
        super().__init__()
        self.base = nn.Linear(dim, dim)
        self.a, self.b = nn.Linear(dim, rank, bias=False), nn.Linear(rank, dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + 2.0 * self.b(self.a(x))


class Adapter(nn.Module):
    def __init__(self, dim: int, bottleneck: int = 4) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(dim, bottleneck), nn.Linear(bottleneck, dim)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.up(torch.tanh(self.down(x)))


class Fourier(nn.Module):
    """FNet's mixing."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.fft2(x, dim=(-2, -1)).real


class TokenMean(nn.Module):
    """Each token sees the mean of all."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.own, self.all = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.own(x) + self.all(x.mean(1, keepdim=True)))


class TokenMaximum(nn.Module):
    """PointNet's layer."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gamma, self.lambda_ = nn.Linear(dim, dim), nn.Linear(dim, dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.gamma(x) - self.lambda_(x.amax(1, keepdim=True))


class ShiftOfTime(nn.Module):
    """RWKV's channel mixing without its state."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.full((dim,), 0.5))
        self.key, self.value = nn.Linear(dim, 2 * dim), nn.Linear(2 * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        before = F.pad(x, (0, 0, 1, -1))
        return self.value(F.relu(self.key(x * self.mix + before * (1 - self.mix))).square())


class Recurrent(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.rnn = nn.GRU(dim, dim, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(x)[0]


class BothWays(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.rnn = nn.LSTM(dim, dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(x)[0]


class RunningMean(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.decay = nn.Parameter(torch.full((dim,), 0.9))

    def forward(self, x: Tensor) -> Tensor:
        state, out = torch.zeros_like(x[:, 0]), []
        for step in x.unbind(1):
            state = self.decay * state + (1 - self.decay) * step
            out.append(state)
        return torch.stack(out, 1)


class SinusoidalPositions(nn.Module):
    def __init__(self, d_model: int) -> None:
        super().__init__()
        place = torch.arange(64, dtype=torch.float32)[:, None]
        turn = torch.exp(-torch.arange(0, d_model, 2) * (9.21 / d_model))
        table = torch.stack([torch.sin(place * turn), torch.cos(place * turn)], -1)
        self.register_buffer("table", table.flatten(1)[:, :d_model])

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[1]]


class LearnedPositions(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(64, dim) * 0.02)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[1]]


class MixtureOfTwo(nn.Module):
    """Two experts, weighed softly for each token."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.router = nn.Linear(dim, 2)
        self.a, self.b = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.router(x).softmax(-1).chunk(2, -1)
        return first * self.a(x) + second * self.b(x)


class Classifier(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm, self.fc = nn.LayerNorm(dim), nn.Linear(dim, 11)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.norm(x.mean(1)))


class Residual(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.scale = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.scale * self.fc2(F.silu(self.fc1(x)))


class Bilinear(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.product = nn.Bilinear(dim, dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.product(x, x)
