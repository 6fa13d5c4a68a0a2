"""The same modules with one fault each, of kinds that people report."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.reference.styles import (
    BottleneckWithGate,
    ChannelThenSpace,
    CrissCrossByEinsum,
    EnergyByVariance,
    GlobalByConvolution,
    NeighbourChannels,
    NonLocalByAttention,
    SqueezeByView,
)


class SqueezeOfTheCentre(SqueezeByView):
    """The mean of a fixed 7×7 corner, which is the whole map at the author's size."""

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x[..., :4, :4].mean((2, 3), keepdim=True))


class SqueezeTwiceGated(SqueezeByView):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + x


class NeighboursInTheBatch(NeighbourChannels):
    def forward(self, x: Tensor) -> Tensor:
        z = nn.functional.conv1d(x.mean((2, 3)).t()[:, None], self.weight, padding="same")
        return x * z[:, 0].t().sigmoid()[..., None, None]


class NeighboursPerChannel(nn.Module):
    """A kernel for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding=1, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.conv(x.mean((2, 3))[..., None]).sigmoid()[..., None]


class SpaceWithoutSigmoid(ChannelThenSpace):
    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        both = torch.stack([flat.mean(2), flat.amax(2)])
        x = x * self.mlp(both).sum(0).sigmoid()[..., None, None]
        return x * self.bn(self.conv(torch.stack([x.amax(1), x.mean(1)], 1)))


class MeanAndMean(ChannelThenSpace):
    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3))
        x = x * (self.mlp(mean) + self.mlp(mean)).sigmoid()[..., None, None]
        return x * self.bn(self.conv(torch.stack([x.amax(1), x.mean(1)], 1))).sigmoid()


class EnergyOfTheBatch(EnergyByVariance):
    def forward(self, x: Tensor) -> Tensor:
        var, mean = torch.var_mean(x, dim=(0, 2, 3), keepdim=True)
        return x * ((x - mean).square() / (4 * (var + self.e_lambda)) + 0.5).sigmoid()


class EnergyWithoutHalf(EnergyByVariance):
    def forward(self, x: Tensor) -> Tensor:
        var, mean = torch.var_mean(x, dim=(2, 3), keepdim=True)
        return x * ((x - mean).square() / (4 * (var + self.e_lambda))).sigmoid()


class GlobalUnbounded(GlobalByConvolution):
    """Most copies: no sigmoid on the channel gate."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.channel(x).mul(x)
        return x * torch.sigmoid(self.spatial(x))


class GlobalPooled(GlobalByConvolution):
    def forward(self, x: Tensor) -> Tensor:
        x = self.channel(x.mean((2, 3), keepdim=True)).sigmoid() * x
        return x * torch.sigmoid(self.spatial(x))


class ColumnCountsItself(CrissCrossByEinsum):
    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        q, k, v = self.qkv(x).split([self.inner, self.inner, x.shape[1]], 1)
        column = torch.einsum("bchw,bcgw->bhwg", q, k)
        row = torch.einsum("bchw,bchv->bhwv", q, k)
        up, across = torch.cat([column, row], -1).softmax(-1).split([height, width], -1)
        found = torch.einsum("bhwg,bcgw->bchw", up, v) + torch.einsum("bhwv,bchv->bchw", across, v)
        return x + self.gamma * found


class RowOnly(CrissCrossByEinsum):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).split([self.inner, self.inner, x.shape[1]], 1)
        row = torch.einsum("bchw,bchv->bhwv", q, k).softmax(-1)
        return x + self.gamma * torch.einsum("bhwv,bchv->bchw", row, v)


class OnePassOnly(CrissCrossByEinsum):
    """Sold as the recurrent module."""


class SoftmaxOverQueries(NonLocalByAttention):
    def forward(self, x: Tensor) -> Tensor:
        t = x.flatten(2).mT
        weights = (self.theta(t) @ self.phi(t).mT).softmax(1)
        return x + self.norm(self.out((weights @ self.g(t)).mT.unflatten(2, x.shape[2:])))


class NoInputAdded(NonLocalByAttention):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) - x


class OverwritesItsInput(BottleneckWithGate):
    def forward(self, x: Tensor) -> Tensor:
        y = self.attention(self.cv2(self.cv1(x)))
        return x.add_(y)


class AddsItsPooledBranch(BottleneckWithGate):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.attention(self.cv2(self.cv1(x))).mean((2, 3), keepdim=True)
