"""Multi-head attention as we define it, against torch's own module and a plain loop."""

import torch
from torch import nn

from attncheck.reference.mha import mha


def ours(**options: object) -> nn.Module:
    torch.manual_seed(0)
    return mha(C=12, D=12, heads=3, head_dim=4, **options).double()


def torchs(module: nn.Module) -> nn.MultiheadAttention:
    """Return torch's module with the weights of ours."""
    own = dict(module.named_parameters())
    other = nn.MultiheadAttention(12, 3, batch_first=True).double()
    names = ("query", "key", "value")
    with torch.no_grad():
        other.in_proj_weight.copy_(torch.cat([own[f"{n}.weight"] for n in names]))
        other.in_proj_bias.copy_(torch.cat([own[f"{n}.bias"] for n in names]))
        other.out_proj.weight.copy_(own["output.weight"])
        other.out_proj.bias.copy_(own["output.bias"])
    return other


def test_self_attention_is_torchs() -> None:
    module, x = ours(), torch.randn(2, 5, 12, dtype=torch.float64)
    assert torch.allclose(module(x), torchs(module)(x, x, x)[0], atol=1e-12)


def test_cross_attention_with_a_padding_mask_is_torchs() -> None:
    module = ours()
    x, keys, values = (torch.randn(2, n, 12, dtype=torch.float64) for n in (5, 7, 7))
    pad = torch.arange(7) >= torch.tensor([[4], [6]])
    wanted = torchs(module)(x, keys, values, key_padding_mask=pad)[0]
    assert torch.allclose(module(x, keys, values, pad), wanted, atol=1e-12)
    rows = pad[:, None].expand(2, 5, 7)
    assert torch.equal(module(x, keys, values, rows), module(x, keys, values, pad))
    heads = rows[:, None].expand(2, 3, 5, 7)
    assert torch.equal(module(x, keys, values, heads), module(x, keys, values, pad))


def test_a_query_that_sees_no_key_gets_the_output_of_zero() -> None:
    module, x = ours(), torch.randn(2, 5, 12, dtype=torch.float64, requires_grad=True)
    pad = torch.tensor([[True] * 5, [False] * 5])
    output = module(x, None, None, pad)
    bias = dict(module.named_parameters())["output.bias"]
    assert torch.allclose(output[0], bias.expand(5, 12))
    output.sum().backward()
    assert bool(torch.isfinite(x.grad).all())


def test_heads_of_any_width_without_output_or_biases() -> None:
    module = mha(C=6, D=4, heads=2, head_dim=5, bias=False, out=False).double()
    assert sum(p.numel() for p in module.parameters()) == 10 * (6 + 4 + 4)
    x, y = torch.randn(1, 3, 6, dtype=torch.float64), torch.randn(1, 4, 4, dtype=torch.float64)
    own = dict(module.named_parameters())
    q, k, v = (t @ own[f"{n}.weight"].T for n, t in (("query", x), ("key", y), ("value", y)))
    for head in (slice(0, 5), slice(5, 10)):
        for i in range(3):
            logits = torch.stack([q[0, i, head] @ k[0, j, head] for j in range(4)]) / 5**0.5
            wanted = sum(w * v[0, j, head] for j, w in enumerate(logits.softmax(0)))
            assert torch.allclose(module(x, y)[0, i, head], wanted)


def test_with_a_norm_first_the_tokens_are_normalised_before_they_attend() -> None:
    module, x = ours(norm_first=True), torch.randn(2, 5, 12, dtype=torch.float64)
    before = nn.LayerNorm(12).double()
    before.load_state_dict(
        {n: dict(module.named_parameters())[f"before.{n}"] for n in before.state_dict()}
    )
    normed = before(x)
    assert torch.allclose(module(x), torchs(module)(normed, normed, normed)[0], atol=1e-12)
