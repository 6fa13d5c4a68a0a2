"""Small networks of our own, put together as libraries do: SE, CBAM, and heads of attention."""

import torch
import torch.nn.functional as F
from torch import nn


class SqueezeExcite(nn.Module):
    def __init__(self, width, hidden, gate=nn.Sigmoid):
        super().__init__()
        self.reduce = nn.Conv2d(width, hidden, 1)
        self.expand = nn.Conv2d(hidden, width, 1)
        self.gate = gate()

    def forward(self, x):
        s = x.mean((2, 3), keepdim=True)
        return x * self.gate(self.expand(F.relu(self.reduce(s))))


class ChannelGate(nn.Module):
    def __init__(self, width, ratio):
        super().__init__()
        self.fc = nn.Sequential(
            nn.Conv2d(width, width // ratio, 1), nn.ReLU(), nn.Conv2d(width // ratio, width, 1)
        )

    def forward(self, x):
        mean, top = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        return x * (self.fc(mean) + self.fc(top)).sigmoid()


class SpatialGate(nn.Module):
    def __init__(self, kernel=7):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2)

    def forward(self, x):
        stats = torch.cat((x.amax(1, keepdim=True), x.mean(1, keepdim=True)), 1)
        return x * self.conv(stats).sigmoid()


class CBAM(nn.Module):
    def __init__(self, width, ratio=4):
        super().__init__()
        self.channel = ChannelGate(width, ratio)
        self.space = SpatialGate()

    def forward(self, x):
        return self.space(self.channel(x))


class Block(nn.Module):
    def __init__(self, width, make):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.attn = make(width)

    def forward(self, x):
        return F.relu(x + self.attn(F.relu(self.bn1(self.conv1(x)))))


class ResNet(nn.Module):
    """Two stages, each of two blocks; ``make`` makes what stands at their ends."""

    def __init__(self, width=16, make=lambda w: SqueezeExcite(w, w // 4)):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 7, 4, 3)
        self.stage1 = nn.Sequential(Block(width, make), Block(width, make))
        self.down = nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.stage2 = nn.Sequential(Block(2 * width, make), Block(2 * width, make))
        self.head = nn.Linear(2 * width, 10)

    def forward(self, images):
        x = self.stage2(self.down(self.stage1(self.stem(images))))
        return {"logits": self.head(x.mean((2, 3))), "maps": (x,)}


def se_resnet(width=16):
    return ResNet(width)


def cbam_resnet():
    return ResNet(16, CBAM)


def shared_resnet():
    one = SqueezeExcite(16, 4)
    net = ResNet(16)
    for block in net.stage1:
        block.attn = one
    return nn.DataParallel(net)


class FaultyExcite(SqueezeExcite):
    """Faulty: the gates compete in a softmax."""

    def forward(self, x):
        s = x.mean((2, 3), keepdim=True)
        return x * self.expand(F.relu(self.reduce(s))).softmax(1)


def faulty_resnet():
    return ResNet(16, lambda w: FaultyExcite(w, w // 4))


class MultiHeadAttention(nn.Module):
    def __init__(self, dim, heads, scale=True, causal=False):
        super().__init__()
        self.heads = heads
        self.scale = (dim // heads) ** -0.5 if scale else 1.0
        self.causal = causal
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv
        scores = q @ k.transpose(-2, -1) * self.scale
        if self.causal:
            scores = scores.masked_fill(
                torch.ones(n, n, dtype=torch.bool, device=x.device).triu(1), -torch.inf
            )
        y = scores.softmax(-1) @ v
        return self.proj(y.transpose(1, 2).reshape(b, n, c))


class CausalSelfAttention(MultiHeadAttention):
    def __init__(self, dim, heads):
        super().__init__(dim, heads, causal=True)


class Layer(nn.Module):
    def __init__(self, dim, attn):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = attn
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self, size=64, dim=24, depth=2, heads=3, scale=True):
        super().__init__()
        self.patch = nn.Conv2d(3, dim, 16, 16)
        self.position = nn.Parameter(torch.zeros(1, (size // 16) ** 2, dim))
        self.layers = nn.ModuleList(
            Layer(dim, MultiHeadAttention(dim, heads, scale)) for _ in range(depth)
        )
        self.head = nn.Linear(dim, 10)

    def forward(self, images):
        x = self.patch(images).flatten(2).transpose(1, 2) + self.position
        for layer in self.layers:
            x = layer(x)
        return self.head(x.mean(1))


class GPT(nn.Module):
    def __init__(self, vocabulary=64, dim=24, depth=2, heads=3, length=64):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, dim)
        self.places = nn.Embedding(length, dim)
        self.layers = nn.ModuleList(
            Layer(dim, CausalSelfAttention(dim, heads)) for _ in range(depth)
        )
        self.head = nn.Linear(dim, vocabulary)

    def forward(self, idx, targets=None):
        x = self.tokens(idx) + self.places(torch.arange(idx.shape[1]))
        for layer in self.layers:
            x = layer(x)
        return self.head(x), None


class TorchEncoder(nn.Module):
    """torch's own layers."""

    def __init__(self, dim=16, heads=2):
        super().__init__()
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x):
        return self.norm(x + self.attn(x, x, x, need_weights=False)[0])


class Bottleneck(nn.Module):
    """ResNet's, and no other paper's of the same name."""

    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width // 4, 1)
        self.conv2 = nn.Conv2d(width // 4, width // 4, 3, padding=1)
        self.conv3 = nn.Conv2d(width // 4, width, 1)
        self.se = SqueezeExcite(width, width // 4)

    def forward(self, x):
        y = F.relu(self.conv2(F.relu(self.conv1(x))))
        return F.relu(x + self.se(self.conv3(y)))


def bottlenecks():
    return nn.Sequential(nn.Conv2d(3, 16, 3, 4), Bottleneck(16))


class Fused(nn.Module):
    """Attention in one of torch's functions, under a name that says nothing."""

    def __init__(self, dim=16):
        super().__init__()
        self.embed = nn.Linear(3, dim)
        self.mix = Mixer(dim)

    def forward(self, points):
        return self.mix(self.embed(points))


class Mixer(nn.Module):
    def __init__(self, dim, heads=2):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(b, n, c))


def broken():
    raise FileNotFoundError("weights.pt")


class Pretrained(ResNet):
    def __init__(self):
        super().__init__()
        torch.hub.load_state_dict_from_url("https://example.org/weights.pth", progress=False)


class Strange(nn.Module):
    """No input that anybody can guess."""

    def __init__(self):
        super().__init__()
        self.attn = MultiHeadAttention(8, 2)

    def forward(self, graph):
        return self.attn(graph.nodes)


def endless():
    while True:
        pass
