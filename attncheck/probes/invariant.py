"""When the input is changed in a stated way, the output, or the gate, stays the same."""

from __future__ import annotations

from typing import ClassVar

from attncheck.instruments.behaviour.symmetry_claim import SymmetryClaim


class Invariant(SymmetryClaim, frozen=True, kw_only=True):
    """A change of the input leaves the output, or the gate, as it was.

    ## What it checks
    Under random parameters, the observation on T x against that on x. `to` names T: `pixel
    permutation`, `token permutation`, `row permutation`, `column permutation`, `channel
    permutation`, `batch permutation`, `flip H`, `flip W`, `flip`, `transposition`,
    `translation`, `repetition` (a larger input made of copies), `shift` (x + c), `channel shift`
    (x + c per channel), `sign` (−x), `scale` (c·x), `scale of large values` (where small constants
    do not count). `of` says what stays: `output`, `gate` (y / x), `channel gate` or `spatial gate`
    (one factor of a product of gates). `input` names the inputs that are changed alike
    (`"key + value"`), the main one by default.

    ## Why it matters
    A squeeze over positions makes a gate that no order of pixels can change; a window of fixed
    size in its place does not. Attention does not see the order of its memory.

    ## Example
    `x[..., :7, :7].mean((2, 3))` as the squeeze, under `to = "pixel permutation"`.
    """

    kind: ClassVar[str] = "invariant"
    says: ClassVar[str] = "function"
    alike: ClassVar[bool] = False
    located_by: ClassVar[tuple[str, ...]] = ("scrambled", "divergence", "symmetry", "spread")
    turn: ClassVar[int] = 130
    faults: ClassVar[tuple[str, ...]] = (
        "arguments_swapped",
        "blockwise_normalisation",
        "rope_layout",
    )
