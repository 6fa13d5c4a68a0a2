"""Attention and recurrent layers of torch beyond the plain call, derived by hand."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.counting.case import Call, Case, First
from benchmarks.counting.layers import ENCODER, HEADS, SCORES, attention, sdpa

TOKENS = (2, 9, 16)
OWN = 2 * (4 * 9 * 256 + 2 * 81 * 16)
GATES = "T·b·g·h·(i + h) of each layer and direction, g gates"


def packed(self: Call, x: torch.Tensor) -> torch.Tensor:
    """Run the recurrent layer over sequences of 15 and 4 steps."""
    rows = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([15, 4]), batch_first=True)
    out: torch.Tensor = self.rnn(rows)[0].data
    return out


def padded(self: Call, x: torch.Tensor) -> torch.Tensor:
    """Run an encoder with the last two tokens of one sample padded away."""
    mask = torch.zeros(x.shape[:2], dtype=torch.bool, device=x.device)
    mask[0, -2:] = True
    out: torch.Tensor = self.encoder(x, src_key_padding_mask=mask)
    return out


def nested(self: Call, x: torch.Tensor) -> torch.Tensor:
    """Attend within two samples of nine and of seven tokens, no padding between them."""
    rows = self.layer(torch.nested.as_nested_tensor([x[0], x[1, :7]]))
    out: torch.Tensor = torch.matmul(rows, rows.transpose(1, 2)).softmax(-1).matmul(rows)
    return out.to_padded_tensor(0.0)


def encoder() -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    return nn.TransformerEncoder(layer, 2)


ENCODER_MACS = 2 * 2 * (9 * (4 * 256 + 2 * 16 * 32) + 2 * 81 * 16)
SHORT = (9 + 7) * (4 * 256 + 2 * 16 * 32) + 2 * 2 * 81 * 16

MIXERS = {
    "SDPA, causal": Case(
        lambda: sdpa(is_causal=True),
        ((2, 2, 16, 8),) * 3,
        SCORES + ", the masked half too",
        2 * 2 * 16 * 16 * (8 + 8),
    ),
    "SDPA, grouped": Case(
        lambda: sdpa(enable_gqa=True),
        ((2, 8, 16, 8), (2, 2, 16, 8), (2, 2, 16, 8)),
        SCORES + " of the query's heads",
        2 * 8 * 16 * 16 * (8 + 8),
    ),
    "SDPA, wider values": Case(
        sdpa,
        ((2, 2, 5, 8), (2, 2, 7, 8), (2, 2, 7, 12)),
        "b·h·L·S·(d + e)",
        2 * 2 * 5 * 7 * (8 + 12),
    ),
    "SDPA, 3d": Case(sdpa, ((2, 5, 8), (2, 7, 8), (2, 7, 8)), SCORES, 2 * 5 * 7 * (8 + 8)),
    "SDPA, shared keys": Case(
        sdpa, ((2, 3, 5, 8), (2, 1, 7, 8), (2, 1, 7, 8)), SCORES, 2 * 3 * 5 * 7 * (8 + 8)
    ),
    "SDPA, dropout": Case(
        lambda: sdpa(dropout_p=0.5), ((2, 2, 16, 8),) * 3, SCORES, 2 * 2 * 16 * 16 * (8 + 8)
    ),
    "multi-head": Case(lambda: First(attention(), 3), (TOKENS,), HEADS, OWN),
    "multi-head, no weights": Case(
        lambda: First(attention(), 3, need_weights=False), (TOKENS,), HEADS, OWN
    ),
    "multi-head, dropout": Case(lambda: First(attention(dropout=0.5), 3), (TOKENS,), HEADS, OWN),
    "multi-head, mask": Case(
        lambda: Call(
            lambda self, x: self.inner(x, x, x, attn_mask=torch.ones(9, 9, device=x.device).tril())[
                0
            ],
            inner=attention(),
        ),
        (TOKENS,),
        HEADS,
        OWN,
    ),
    "multi-head, sequence first": Case(
        lambda: First(nn.MultiheadAttention(16, 2), 3), ((9, 2, 16),), HEADS, OWN
    ),
    "multi-head, own widths": Case(
        lambda: First(attention(kdim=8, vdim=12)),
        ((2, 5, 16), (2, 9, 8), (2, 9, 12)),
        "b·(2·L·d² + S·(k + v)·d + 2·L·S·d)",
        2 * (2 * 5 * 256 + 9 * (8 + 12) * 16 + 2 * 5 * 9 * 16),
    ),
    "multi-head, a learnt key": Case(
        lambda: First(attention(add_bias_kv=True), 3),
        (TOKENS,),
        HEADS + " over n + 1 keys, the last not projected",
        2 * (4 * 9 * 256 + 2 * 9 * 10 * 16),
    ),
    "encoder": Case(encoder, (TOKENS,), "2 layers of " + ENCODER, ENCODER_MACS),
    "encoder, padding": Case(
        lambda: Call(padded, encoder=encoder()),
        (TOKENS,),
        "2 layers of " + ENCODER + "; in eval torch projects no padding",
        2 * SHORT,
        in_training=ENCODER_MACS,
        on_meta=False,
    ),
    "nested samples": Case(
        lambda: Call(nested, layer=nn.Linear(16, 16)),
        (TOKENS,),
        "Σ n·d² + 2·n²·d of samples with n = 9 and 7",
        (9 + 7) * 256 + 2 * (81 + 49) * 16,
        on_meta=False,
    ),
    "decoder layer": Case(
        lambda: nn.TransformerDecoderLayer(16, 2, 32, batch_first=True),
        ((2, 5, 16), (2, 9, 16)),
        "b·(4·L·d² + 2·L²·d + 2·L·d² + 2·S·d² + 2·L·S·d + 2·L·d·f)",
        2
        * (
            (4 * 5 * 256 + 2 * 25 * 16)
            + (2 * 5 * 256 + 2 * 9 * 256 + 2 * 45 * 16)
            + 2 * 5 * 16 * 32
        ),
    ),
    "GRU, two ways": Case(
        lambda: First(nn.GRU(8, 16, bidirectional=True)),
        ((3, 2, 8),),
        GATES,
        6 * 2 * 3 * 16 * (8 + 16),
    ),
    "LSTM, two layers, two ways": Case(
        lambda: First(nn.LSTM(8, 16, 2, bidirectional=True)),
        ((3, 2, 8),),
        GATES + "; the second reads both directions",
        6 * 2 * 4 * 16 * ((8 + 16) + (32 + 16)),
    ),
    "LSTM, projected": Case(
        lambda: First(nn.LSTM(8, 16, proj_size=6)),
        ((3, 2, 8),),
        "T·b·(4·h·(i + p) + h·p)",
        6 * (4 * 16 * (8 + 6) + 16 * 6),
    ),
    "LSTM, packed": Case(
        lambda: Call(packed, rnn=nn.LSTM(8, 16, batch_first=True)),
        ((2, 15, 8),),
        "the steps there are: (15 + 4)·4·h·(i + h)",
        (15 + 4) * 4 * 16 * (8 + 16),
    ),
    "LSTM, no batch": Case(lambda: First(nn.LSTM(8, 16)), ((3, 8),), GATES, 3 * 4 * 16 * 24),
    "RNN": Case(lambda: First(nn.RNN(8, 16)), ((3, 2, 8),), GATES, 6 * 16 * (8 + 16)),
    "GRU cell": Case(lambda: nn.GRUCell(8, 16), ((3, 8),), GATES, 3 * 3 * 16 * (8 + 16)),
    "nearest code": Case(
        lambda: Call(lambda x, codes: F.embedding(torch.cdist(x, codes).argmin(-1), codes)),
        ((30, 15), (40, 15)),
        "n·m·d: each vector with each code",
        30 * 40 * 15,
    ),
}
