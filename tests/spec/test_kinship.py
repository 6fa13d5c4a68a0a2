"""What a name means, and which mechanism is a case of which."""

from __future__ import annotations

import pytest

from attncheck.spec.kinship import (
    akin,
    is_layer,
    is_short_for,
    most_special,
    named_so,
    names_family_of,
    specialises,
)
from attncheck.spec.reading import read_document
from attncheck.spec.shelf import shelf_index, spec_ids


@pytest.mark.parametrize(
    ("name", "mechanism"),
    [
        ("SELayer", "se"),
        ("CBAM_Block", "cbam"),
        ("CrissCrossAttention", "cca"),
        ("attention.CausalSelfAttention", "causal"),
        ("DenseLayer", ""),
        ("Attention", ""),
        ("Block", ""),
        ("Map", ""),
        ("", ""),
    ],
)
def test_a_name_means_a_mechanism_only_where_it_is_its_name(name: str, mechanism: str) -> None:
    assert named_so(name) == mechanism


def test_what_is_a_case_of_a_case_is_a_case() -> None:
    assert specialises("alibi", "gqa")
    assert not specialises("gqa", "alibi")
    assert akin("gqa", "alibi")
    assert most_special(["gqa", "causal", "alibi", "se"]) == ["alibi", "se"]


@pytest.mark.parametrize("name", spec_ids())
def test_a_spec_is_a_case_of_mechanisms_that_are_there_and_never_of_itself(name: str) -> None:
    above = read_document(shelf_index()[name])[0].specialises
    assert set(above) <= set(spec_ids())
    assert not specialises(name, name)
    assert not any(specialises(other, name) for other in above), "in a circle"


def test_initials_are_those_of_every_mechanism_that_has_them() -> None:
    assert named_so("PSA") == "psa"
    assert is_short_for("PSA", "psa")
    assert is_short_for("PSABlock", "c2psa")
    assert is_short_for("GCT", "gaussian-context")
    assert not is_short_for("SimAM", "se")
    assert not is_short_for("Partial", "c2psa")


def test_multi_head_attention_is_the_name_of_all_that_add_to_it() -> None:
    assert names_family_of("mha", "causal")
    assert names_family_of("mha", "rope")
    assert not names_family_of("rope", "mha")  # the turn that its name promises is missing
    assert not names_family_of("mha", "linear")


def test_what_holds_no_attention_is_a_layer() -> None:
    assert is_layer("bottleneck")
    assert not is_layer("se")
    assert all(is_layer(name) for name in ("c3", "focus", "resblock"))
