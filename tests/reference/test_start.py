"""What the references do before any training."""

import pytest
import torch

from attncheck.reference.cca import cca
from attncheck.reference.non_local import non_local
from attncheck.reference.rcca import rcca
from attncheck.reference.simam import simam


@pytest.mark.parametrize("mechanism", [cca, rcca, non_local])
@pytest.mark.parametrize("train", [False, True])
def test_gamma_at_zero_is_the_identity(mechanism, train: bool) -> None:
    module = mechanism(C=16).train(train)
    x = torch.randn(2, 16, 4, 6)
    assert torch.equal(module(x), x)


@pytest.mark.parametrize("mechanism", [cca, non_local])
def test_one_step_moves_what_starts_at_zero(mechanism) -> None:
    module = mechanism(C=16)
    module(torch.randn(2, 16, 4, 6)).square().sum().backward()
    start = module.gamma if mechanism is cca else module.out_norm.weight
    assert float(start.grad.abs().max()) > 0


def test_uniform_weights_are_one_over_the_path() -> None:
    """Equal scores: the pixel itself counts once among H + W - 1."""
    module = cca(C=8).double().requires_grad_(False)
    for layer in (module.query, module.key):
        layer.weight.zero_()
        layer.bias.zero_()
    module.value.weight.copy_(torch.eye(8))
    module.value.bias.zero_()
    module.gamma.fill_(1.0)
    x = torch.zeros(1, 8, 4, 7, dtype=torch.float64)
    x[0, :, 2, 3] = 1.0
    got = module(x) - x
    assert torch.allclose(got[0, 0, 2, :], torch.full((7,), 1 / 10, dtype=torch.float64))
    assert torch.allclose(got[0, 0, :, 3], torch.full((4,), 1 / 10, dtype=torch.float64))


def test_a_constant_map_gets_the_least_simam_gate() -> None:
    x = torch.full((1, 2, 3, 4), 2.0, dtype=torch.float64)
    assert torch.allclose(simam()(x), x * torch.tensor(0.5, dtype=torch.float64).sigmoid())
