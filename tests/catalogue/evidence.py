"""What a file of this folder says of its mechanism, found by name.

One file per mechanism, named as its spec with underscores, holds

``SPEC``
    the spec's id; the reference is the one that it names.
``VALUES``
    dims and options under which the reference is held against the equations.
``inputs(v)``
    its inputs for those values, float64.
``equation(p, v, *inputs)``
    the paper's sums, slow and literal; ``p`` holds the slots, ``v`` dims and options.
``STYLES``
    class names: correct modules, written in another style than the reference.
``FAULTS``
    class name -> the claim that it breaks.
``CALL`` (optional)
    ``{"inputs": ("2x5x8", …), "dim": 8, …}``: input shapes and constructor arguments, for classes
    that the spec alone cannot call.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
NOT_EVIDENCE = {"__init__", "evidence"}


def evidence() -> list[ModuleType]:
    """Return the files of this folder, one per mechanism."""
    names = sorted(
        file.stem
        for file in HERE.glob("*.py")
        if file.stem not in NOT_EVIDENCE and not file.stem.startswith("test_")
    )
    return [importlib.import_module(f"tests.catalogue.{name}") for name in names]
