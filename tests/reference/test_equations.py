"""The references compute what the papers' sums say, number by number."""

import pytest
import torch

from attncheck.reference.cca import cca
from attncheck.reference.eca import eca
from attncheck.reference.non_local import non_local
from attncheck.reference.rcca import rcca
from attncheck.reference.se import se
from attncheck.reference.simam import simam
from attncheck.subject.sampling import generator, randomise
from tests.reference import brute


def made(mechanism, **values):
    module = mechanism(**values).double().eval()
    randomise(module, 3)
    return module.requires_grad_(False)


def image(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=generator(5), dtype=torch.float64)


def agree(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.allclose(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("bias", [True, False])
def test_squeeze_and_excitation(bias: bool) -> None:
    module, x = made(se, C=6, r=3, squeeze_bias=bias, excite_bias=bias), image(2, 6, 3, 4)
    assert agree(module(x), brute.se(module, x))


@pytest.mark.parametrize("k", [1, 3, 5])
def test_efficient_channel_attention(k: int) -> None:
    module, x = made(eca, C=7, k=k), image(2, 7, 3, 4)
    assert agree(module(x), brute.eca(module, x))


@pytest.mark.parametrize("minus_one", [True, False])
def test_simam_from_its_energy(minus_one: bool) -> None:
    x = image(2, 3, 4, 5)
    expected = brute.simam(x, divisor=lambda n: n - minus_one)
    assert agree(made(simam, minus_one=minus_one)(x), expected)


@pytest.mark.parametrize("size", [(3, 5), (4, 2), (1, 4)])
def test_one_criss_cross_pass(size: tuple[int, int]) -> None:
    module, x = made(cca, C=8, r=4), image(2, 8, *size)
    assert agree(module(x), brute.criss_cross(module, x))


def test_two_criss_cross_passes_share_their_weights() -> None:
    module, x = made(rcca, C=8, r=4), image(1, 8, 3, 5)
    once = brute.criss_cross(module, x)
    assert agree(module(x), brute.criss_cross(module, once))


@pytest.mark.parametrize("pairing", ["embedded", "gaussian", "dot", "concatenation"])
@pytest.mark.parametrize("scale", [False, True])
def test_non_local_in_every_pairing(pairing: str, scale: bool) -> None:
    module = made(non_local, C=6, pairing=pairing, norm=False, scale=scale)
    x = image(2, 6, 3, 4)
    assert agree(module(x), brute.non_local(module, x, pairing, scale))


@pytest.mark.parametrize("pairing", ["embedded", "dot"])
def test_non_local_with_subsampling(pairing: str) -> None:
    module = made(non_local, C=6, pairing=pairing, norm=False, subsample=True)
    x = image(1, 6, 5, 4)
    assert agree(module(x), brute.non_local(module, x, pairing, pooled=True))
