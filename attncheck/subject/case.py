"""A case: everything that a trial depends on beside the subject."""

from __future__ import annotations

import msgspec


class Case(msgspec.Struct, frozen=True, omit_defaults=True):
    """Concrete dims, dtype, device, mode and seed on which a claim is tried.

    ``values`` says how inputs are drawn (``normal``, ``ramp``, ``ones``). ``initial`` keeps the
    module's own initialisation instead of random parameters. A case and a subject determine
    every number of a trial.
    """

    dims: dict[str, int]
    seed: int = 0
    dtype: str = "float64"
    device: str = "cpu"
    train: bool = False
    values: str = "normal"
    initial: bool = False

    def describe(self) -> str:
        """Return the case as a person reads it."""
        dims = " ".join(f"{name}={size}" for name, size in self.dims.items())
        mode = "train" if self.train else "eval"
        return f"{dims} · {self.dtype} · {mode} · seed {self.seed}"
