"""torch's switches are read, and put back, in one place."""

from __future__ import annotations

import contextlib

import torch

from attncheck.instruments.behaviour.process import switches, switches_kept


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
