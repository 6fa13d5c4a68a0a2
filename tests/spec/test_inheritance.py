"""A spec takes over its family's claims, and says with a reason where it does not."""

from __future__ import annotations

from attncheck.spec import SpecDocument
from attncheck.spec.inheritance import inherit

FAMILY = SpecDocument(
    id="family",
    title="Family",
    output="B C H W",
    calls={"map": {"x": "B C H W"}},
    dims={"B": 2, "C": 32},
    domain={"C": "C >= 1"},
    claims={"shape": {}, "finite": {"why": "always"}, "masks": {}},
)


def test_claims_dims_and_calls_are_inherited() -> None:
    found = inherit(SpecDocument(id="own", title="Own"), FAMILY)
    assert list(found.claims) == ["shape", "finite", "masks"]
    assert found.dims == FAMILY.dims
    assert found.calls == FAMILY.calls
    assert found.id == "own"


def test_what_a_spec_says_itself_wins() -> None:
    own = SpecDocument(id="own", title="Own", dims={"C": 8}, claims={"shape": {"output": "B C"}})
    found = inherit(own, FAMILY)
    assert found.dims == {"B": 2, "C": 8}
    assert found.claims["shape"] == {"output": "B C"}


def test_a_waived_claim_becomes_advice_with_the_reason() -> None:
    own = SpecDocument(id="own", title="Own", waives={"finite": "the paper divides by zero"})
    found = inherit(own, FAMILY)
    assert found.claims["finite"] == {"advice": True, "why": "the paper divides by zero"}
    assert FAMILY.claims["finite"] == {"why": "always"}, "the family itself is not changed"


def test_a_dropped_claim_is_not_checked() -> None:
    own = SpecDocument(id="own", title="Own", drops={"masks": "there are no tokens"})
    assert "masks" not in inherit(own, FAMILY).claims


def test_a_drop_does_not_remove_the_specs_own_claim() -> None:
    own = SpecDocument(id="own", title="Own", drops={"masks": "ours"}, claims={"masks": {}})
    assert "masks" in inherit(own, FAMILY).claims
