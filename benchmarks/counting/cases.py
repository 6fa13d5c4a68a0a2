"""All cases by name: modules, the 48 single operators that every tool is held against, and more."""

from __future__ import annotations

from benchmarks.counting.calls import CALLS, MORE_CALLS
from benchmarks.counting.case import Case
from benchmarks.counting.layers import LAYERS, MORE_LAYERS
from benchmarks.counting.maps import MAPS
from benchmarks.counting.mixers import MIXERS
from benchmarks.counting.products import MORE_PRODUCTS, PRODUCTS
from benchmarks.counting.tokens import MODULES as TOKENS

MODULES: dict[str, Case] = {**MAPS, **TOKENS}
OPERATORS: dict[str, Case] = {**LAYERS, **PRODUCTS, **CALLS}
MORE: dict[str, Case] = {**MORE_LAYERS, **MORE_PRODUCTS, **MIXERS, **MORE_CALLS}
EVERY = {
    f"{group}: {name}": case
    for group, cases in (("module", MODULES), ("operator", OPERATORS), ("more", MORE))
    for name, case in cases.items()
}
