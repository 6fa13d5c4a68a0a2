"""What the page of a count tells beside its totals."""

from __future__ import annotations

import msgspec

from attncheck.commands.count import Account, page_of
from attncheck.instruments.counting.tree import Branch

FOUND = Account(
    subject="map@Gate",
    target="gate.py:Gate",
    dims={"B": 2},
    device="meta",
    parameters=17,
    trainable=17,
    tied=[],
    unused=[],
    macs=2_048,
    elementwise=6_304,
    by_operator={"aten.convolution": 2_048},
    unpriced=[],
    written_out=0,
    second=None,
    disagreement="",
    tree=Branch("", "Gate", 17, 2_048, 17, 2_048),
)


def told(found: Account) -> str:
    return " ".join(line for section in page_of(found).sections for line in section.paragraphs)


def test_a_contraction_by_product_and_sum_is_named_with_its_size() -> None:
    assert "products that are only summed" not in told(FOUND)
    assert "2,048 MACs more" in told(msgspec.structs.replace(FOUND, written_out=2_048))
