"""When two results are equal."""

import torch

from attncheck.subject.tolerance import difference


def test_masks_are_equal_or_not() -> None:
    mask = torch.tensor([True, False])
    assert difference(mask, mask.clone()) == 0
    assert difference(mask, ~mask) == 1
