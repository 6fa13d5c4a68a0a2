"""Where one mechanism is another under other names, as the papers say."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attncheck.reference.bahdanau import bahdanau
from attncheck.reference.cca import cca
from attncheck.reference.focus import focus
from attncheck.reference.gqa import gqa
from attncheck.reference.luong import luong
from attncheck.reference.mha import mha
from attncheck.reference.mqa import mqa
from attncheck.reference.rcca import rcca
from attncheck.subject.sampling import generator, randomise


def made(module: nn.Module) -> nn.Module:
    module = module.double().eval().requires_grad_(False)
    randomise(module, 11)
    return module


def same(module: nn.Module, other: nn.Module) -> nn.Module:
    """Give the other module this one's parameters, and return it."""
    other = other.double().eval().requires_grad_(False)
    other.load_state_dict(module.state_dict())
    return other


def drawn(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=generator(5))


def test_as_many_key_heads_as_heads_are_multi_head_attention() -> None:
    grouped = made(gqa(C=12, heads=3, kv_heads=3, head_dim=4))
    full = same(grouped, mha(C=12, D=12, heads=3, head_dim=4))
    x = drawn(2, 5, 12)
    assert torch.allclose(grouped(x), full(x))


def test_one_key_head_is_multi_query_attention() -> None:
    grouped = made(gqa(C=12, heads=3, kv_heads=1, head_dim=4))
    x = drawn(2, 5, 12)
    assert torch.allclose(grouped(x), same(grouped, mqa(C=12, heads=3, head_dim=4))(x))


def test_two_passes_of_criss_cross_attention_are_the_recurrent_one() -> None:
    once = made(cca(C=16))
    x = drawn(2, 16, 5, 3)
    assert torch.allclose(once(once(x)), same(once, rcca(C=16, R=2))(x))


def test_luongs_concat_is_the_additive_score_with_both_halves_of_its_matrix() -> None:
    additive = made(bahdanau(C=6, D=5, A=6, query_bias=False, key_bias=False, score_bias=False))
    concat = luong(C=6, D=5, score="concat").double().requires_grad_(False)
    concat.pair_query.weight.copy_(additive.query.weight)
    concat.pair_key.weight.copy_(additive.key.weight)
    concat.vector.weight.copy_(additive.score.weight)
    state, source = drawn(2, 6), drawn(2, 7, 5)
    assert torch.allclose(additive(state, source), concat(state, source))


def test_the_general_score_with_the_identity_is_the_dot_product() -> None:
    general = luong(C=6, D=6, score="general").double().requires_grad_(False)
    general.general_key.weight.copy_(torch.eye(6))
    state, source = drawn(2, 6), drawn(2, 7, 6)
    assert torch.allclose(general(state, source), luong(C=6, D=6, score="dot")(state, source))


def test_focus_is_a_convolution_of_six_by_six_and_stride_two() -> None:
    cut = made(focus(C=3, C2=8, k=3))
    kernel = torch.zeros(8, 3, 6, 6, dtype=torch.float64)
    for slot, (row, column) in enumerate([(0, 0), (1, 0), (0, 1), (1, 1)]):
        kernel[:, :, row::2, column::2] = cut.conv.weight[:, 3 * slot : 3 * slot + 3]
    x = drawn(2, 3, 8, 12)
    whole = F.silu(cut.bn(F.conv2d(x, kernel, stride=2, padding=2)))
    assert torch.allclose(cut(x), whole)
