"""When the input is moved, the output moves alike."""

from __future__ import annotations

from typing import ClassVar

from attncheck.instruments.behaviour.symmetry_claim import SymmetryClaim


class Equivariant(SymmetryClaim, frozen=True, kw_only=True):
    """What happens to the input happens to the output.

    ## What it checks
    Under random parameters, f(T x) against T f(x). `to` names T: `pixel permutation`, `token
    permutation`, `row permutation`, `column permutation`, `channel permutation`, `batch
    permutation`, `flip H`, `flip W`, `flip` (tokens), `transposition` (of a map that is not
    square), `translation` (of a small patch in the middle of zeros, looked at far from the
    borders), `repetition` (a larger input made of copies), `shift` (x + c), `channel shift` (x + c
    per channel), `sign` (−x), `scale` (c·x), `scale of large values` (where small constants do not
    count).
    `input` names the inputs that are changed alike (`"key + value"`), the main one by default;
    `of` looks at the `gate`, `channel gate` or `spatial gate` in place of the output.

    ## Why it matters
    Attention without positions cannot tell one order of tokens from another. A reshape in place
    of a permute can, and is found on the first shuffled input.

    ## Example
    `v.view(b, n, heads, d)` on a tensor of layout (b, heads, n, d).
    """

    kind: ClassVar[str] = "equivariant"
    says: ClassVar[str] = "function"
    alike: ClassVar[bool] = True
    located_by: ClassVar[tuple[str, ...]] = (
        "scrambled",
        "divergence",
        "symmetry",
        "batch",
        "spread",
    )
    turn: ClassVar[int] = 120
    faults: ClassVar[tuple[str, ...]] = (
        "arguments_swapped",
        "blockwise_normalisation",
        "head_merge",
        "head_split",
        "hw_transposed",
        "permute_missing",
        "position_not_relative",
        "relative_index",
        "rope_layout",
        "view_not_permute",
        "wrong_axis",
    )
