"""Agent attention: a few agents gather from all tokens, and hand out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.catalogue.causal import row

SPEC = "agent"
VALUES = [
    {"C": 4, "heads": 2, "window": 2, "A": 4},
    {"C": 4, "heads": 1, "window": 3, "A": 1, "placed": False, "bias": False},
    {"C": 2, "heads": 1, "window": 2, "A": 1, "near": False},
]
CALL = {"dim": 16, "inputs": ("2x16x16",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.window**2, v.C, dtype=torch.float64),)


def bias(v, tables: tuple[Tensor, ...], a: int, n: int) -> Tensor | int:
    """One head's bias of an agent and a token; rows and columns by agent."""
    if not tables:
        return 0
    (table, rows, columns), w = tables, v.window
    wide = F.interpolate(table[None, None, a], (w, w), mode="bilinear")[0, 0]
    return wide[n // w, n % w] + rows[a, n // w] + columns[a, n % w]


def equation(p, v, x: Tensor) -> Tensor:
    w, N, d, y = v.window, v.window**2, v.C // v.heads, torch.zeros_like(x)
    side = int(v.A**0.5)
    part = w // side
    for b in range(2):
        q, k, u = ([row(f, t) for t in x[b]] for f in (p.query, p.key, p.value))
        cells = [
            [n for n in range(N) if (n // w // part, n % w // part) == (a // side, a % side)]
            for a in range(v.A)
        ]
        agents = [sum(q[n] for n in cell) / len(cell) for cell in cells]
        out = [torch.zeros(v.C, dtype=x.dtype) for _ in range(N)]
        for h in range(v.heads):
            own, gathered = slice(h * d, (h + 1) * d), []
            to = (p.an[h], p.ah[h], p.aw[h]) if v.placed else ()
            back = (p.na[h], p.ha[h].T, p.wa[h].T) if v.placed else ()
            for a in range(v.A):
                e = [
                    (agents[a][own] @ k[n][own] / d**0.5 + bias(v, to, a, n)).exp()
                    for n in range(N)
                ]
                gathered.append(sum(e[n] * u[n][own] for n in range(N)) / sum(e))
            for n in range(N):
                e = [
                    (q[n][own] @ agents[a][own] / d**0.5 + bias(v, back, a, n)).exp()
                    for a in range(v.A)
                ]
                out[n][own] = sum(e[a] * gathered[a] for a in range(v.A)) / sum(e)
        for n in range(N):
            for i in range(3) if v.near else ():
                for j in range(3):
                    r, c = n // w + i - 1, n % w + j - 1
                    if 0 <= r < w and 0 <= c < w:
                        out[n] = out[n] + p.near.weight[:, 0, i, j] * u[r * w + c]
            y[b, n] = row(p.output, out[n] + (p.near.bias if v.near else 0))
    return y


class Placed(nn.Module):
    """The authors' form: five axes of biases, heads by reshape and permute."""

    def __init__(self, dim: int, num_heads: int = 2, agent_num: int = 4, window: int = 4) -> None:
        super().__init__()
        self.num_heads, self.agent_num, self.window = num_heads, agent_num, window
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.dwc, h, a = nn.Conv2d(dim, dim, 3, padding=1, groups=dim), num_heads, agent_num
        self.an_bias, self.na_bias = (nn.Parameter(torch.randn(h, a, 7, 7)) for _ in range(2))
        self.ah_bias = nn.Parameter(torch.randn(1, h, a, window, 1))
        self.aw_bias = nn.Parameter(torch.randn(1, h, a, 1, window))
        self.ha_bias = nn.Parameter(torch.randn(1, h, window, 1, a))
        self.wa_bias = nn.Parameter(torch.randn(1, h, 1, window, a))
        self.pool = nn.AdaptiveAvgPool2d(int(agent_num**0.5))

    def agents(self, q: Tensor, k: Tensor) -> Tensor:
        return self.pool(q)

    def near(self, v: Tensor, y: Tensor) -> Tensor:
        return self.dwc(v)

    def handed(self, logits: Tensor) -> Tensor:
        return logits.softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        h, w, size = self.num_heads, self.window, (self.window, self.window)
        q, k, v = self.qkv(x).reshape(b, n, 3, c).permute(2, 0, 1, 3)
        maps = [t.mT.reshape(b, c, w, w) for t in (q, k, v)]
        agents = self.agents(maps[0], maps[1]).flatten(2).mT
        q, k, v, agents = (t.reshape(b, -1, h, c // h).transpose(1, 2) for t in (q, k, v, agents))
        scale = (c // h) ** -0.5
        first = F.interpolate(self.an_bias, size=size, mode="bilinear").reshape(1, h, -1, n)
        first = first + (self.ah_bias + self.aw_bias).reshape(1, h, -1, n)
        gathered = ((agents * scale) @ k.mT + first).softmax(-1) @ v
        second = F.interpolate(self.na_bias, size=size, mode="bilinear").reshape(1, h, -1, n).mT
        second = second + (self.ha_bias + self.wa_bias).reshape(1, h, n, -1)
        y = self.handed((q * scale) @ agents.mT + second) @ gathered
        y = y.transpose(1, 2).reshape(b, n, c)
        y = y + self.near(maps[2], y.mT.reshape(b, c, w, w)).flatten(2).mT
        return self.proj(y)


class Bare(nn.Module):
    """No biases of places, torch's own attention twice."""

    def __init__(self, dim: int, heads: int = 2, num_agents: int = 4) -> None:
        super().__init__()
        self.heads, self.side = heads, int(num_agents**0.5)
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))
        self.local = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, x: Tensor) -> Tensor:
        w = int(x.shape[1] ** 0.5)
        q, k, v = self.q(x), self.k(x), self.v(x)
        a = F.adaptive_avg_pool2d(q.mT.unflatten(2, (w, w)), self.side).flatten(2).mT
        local = self.local(v.mT.unflatten(2, (w, w))).flatten(2).mT
        q, k, v, a = (t.unflatten(2, (self.heads, -1)).transpose(1, 2) for t in (q, k, v, a))
        held = F.scaled_dot_product_attention(a, k, v)
        y = F.scaled_dot_product_attention(q, a, held)
        return self.o(y.transpose(1, 2).flatten(2) + local)


class OverTokens(Placed):
    def handed(self, logits: Tensor) -> Tensor:
        return logits.softmax(-2)


class NearTheOutput(Placed):
    def near(self, v: Tensor, y: Tensor) -> Tensor:
        return self.dwc(y)


class AgentsOfKeys(Placed):
    def agents(self, q: Tensor, k: Tensor) -> Tensor:
        return self.pool(k)


STYLES = ["Placed", "Bare"]
FAULTS = {
    "OverTokens": "equivalence",
    "NearTheOutput": "equivalence",
    "AgentsOfKeys": "equivalence",
}
