"""Parameters are drawn so that nothing hides, and scales of norms come with both signs."""

import torch
from torch import nn

from attncheck.subject.sampling import randomise, turn_scales


def test_every_other_scale_is_turned_and_a_shared_one_once() -> None:
    one, two = nn.BatchNorm1d(3), nn.LayerNorm(3)
    two.weight = one.weight
    assert turn_scales(nn.Sequential(one, two))
    assert one.weight.tolist() == [-1, 1, -1]


def test_what_is_no_norm_keeps_its_signs() -> None:
    layer = nn.Linear(3, 3)
    before = layer.weight.clone()
    assert not turn_scales(nn.Sequential(layer, nn.BatchNorm1d(3, affine=False)))
    assert torch.equal(layer.weight, before)


def test_what_holds_no_fractions_is_no_weight_to_draw() -> None:
    module = nn.Module()
    module.seen = nn.Parameter(torch.ones(6, dtype=torch.bool), requires_grad=False)
    module.index = nn.Parameter(torch.zeros(6, dtype=torch.long), requires_grad=False)
    randomise(module, 3)
    assert bool(module.seen.all())
    assert not bool(module.index.any())
