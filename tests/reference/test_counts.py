"""Parameters are the closed forms of the papers, for several widths."""

import pytest
import torch

from attncheck.reference.cbam import cbam
from attncheck.reference.cca import cca
from attncheck.reference.eca import eca
from attncheck.reference.gam import gam
from attncheck.reference.non_local import non_local
from attncheck.reference.rcca import rcca
from attncheck.reference.resblock import resblock
from attncheck.reference.se import se
from attncheck.reference.simam import simam

WIDTHS = pytest.mark.parametrize("C", [64, 128, 512])
REDUCTIONS = pytest.mark.parametrize("r", [4, 8, 16])


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@WIDTHS
@REDUCTIONS
def test_se(C: int, r: int) -> None:
    h = C // r
    with torch.device("meta"):
        assert count(se(C=C, r=r)) == 2 * C * h + h + C
        assert count(se(C=C, r=r, squeeze_bias=False, excite_bias=False)) == 2 * C * h


@WIDTHS
@REDUCTIONS
def test_cbam(C: int, r: int) -> None:
    h = C // r
    with torch.device("meta"):
        assert count(cbam(C=C, r=r)) == 2 * C * h + h + C + 98 + 2
        assert count(cbam(C=C, r=r, bias=False, norm=False)) == 2 * C * h + 98


@WIDTHS
@REDUCTIONS
def test_gam(C: int, r: int) -> None:
    h = C // r
    with torch.device("meta"):
        assert count(gam(C=C, r=r)) == (2 * C * h + h + C) + (98 * C * h + h + C) + 2 * (h + C)


@WIDTHS
def test_criss_cross_once_and_twice(C: int) -> None:
    expected = C * C * 5 // 4 + C * 5 // 4 + 1
    with torch.device("meta"):
        assert count(cca(C=C)) == expected
        assert count(rcca(C=C)) == expected
        assert count(rcca(C=C, R=3)) == expected


@WIDTHS
def test_non_local(C: int) -> None:
    half = C // 2
    with torch.device("meta"):
        assert count(non_local(C=C)) == 3 * (C * half + half) + half * C + C + 2 * C
        assert count(non_local(C=C, norm=False)) == 2 * C * C + 3 * half + C
        assert count(non_local(C=C, pairing="gaussian", norm=False)) == C * C + half + C
        concatenation = non_local(C=C, pairing="concatenation", norm=False)
        assert count(concatenation) == 2 * C * C + 3 * half + C + 2 * half


def test_eca_and_simam_have_next_to_nothing() -> None:
    assert count(eca(C=64, k=5)) == 5
    assert count(eca(C=64, k=5, bias=True)) == 6
    assert count(simam()) == 0


@WIDTHS
def test_the_residual_block_is_a_bottleneck_and_its_attention(C: int) -> None:
    half, h = C // 2, C // 16
    bottleneck = C * half + 2 * half + 9 * half * C + 2 * C
    with torch.device("meta"):
        assert count(resblock(C=C)) == bottleneck + 2 * C * h + h + C
