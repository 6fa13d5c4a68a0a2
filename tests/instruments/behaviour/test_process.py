"""torch's switches are read, and put back, in one place."""

from __future__ import annotations

import contextlib

import torch

from attncheck.instruments.behaviour.process import switches, switches_kept, wrapped_by_torch


def test_switches_and_generator_stand_afterwards_as_before() -> None:
    before, generator = switches(), torch.get_rng_state()
    with contextlib.suppress(ZeroDivisionError), switches_kept():
        torch.manual_seed(987)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.autograd.set_detect_anomaly(True)
        torch.set_default_device("meta")
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("medium")
        changed = {name for name, value in switches().items() if value != before[name]}
        assert len(changed) == 6
        raise ZeroDivisionError
    assert switches() == before
    assert torch.equal(torch.get_rng_state(), generator)


def test_what_torch_wraps_itself_is_no_patch_and_what_others_wrap_is() -> None:
    from torch._compile import _disable_dynamo

    original = torch.manual_seed
    kept_off = _disable_dynamo(original)
    assert wrapped_by_torch(kept_off, original)
    assert not wrapped_by_torch(kept_off, torch.seed)
    assert not wrapped_by_torch(torch.no_grad()(original), original)
    assert not wrapped_by_torch(lambda seed: original(0), original)
