"""What the page of a count tells beside its totals."""

from __future__ import annotations

import msgspec

from attncheck.commands.count import page_of
from attncheck.data.counts import Branch, Counts
from attncheck.data.report import Report, SubjectReport, Verdict

FOUND = Counts(
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
    disagreement="",
    tree=Branch("", "Gate", 17, 2_048, 17, 2_048),
)


def told(*found: Counts) -> str:
    subjects = [
        SubjectReport("map", f"Gate{n}", "gate.py:Gate", Verdict.COUNTED, counts=counts)
        for n, counts in enumerate(found)
    ]
    page = page_of(Report(environment={}, subjects=subjects))
    said = [[s.heading, *s.paragraphs] for s in page.sections]
    return " ".join([page.title, *(line for lines in said for line in lines)])


def test_a_contraction_by_product_and_sum_is_named_with_its_size() -> None:
    assert "products that are only summed" not in told(FOUND)
    assert "2,048 MACs more" in told(msgspec.structs.replace(FOUND, written_out=2_048))


def test_several_subjects_have_a_heading_each() -> None:
    assert told(FOUND).startswith("map@Gate0 · gate.py:Gate")
    said = told(FOUND, msgspec.structs.replace(FOUND, tied=[["a", "b"]]))
    assert said.startswith("2 subjects counted map@Gate0 · gate.py:Gate")
    assert "map@Gate1 · gate.py:Gate" in said
    assert said.count("the same parameter: a, b") == 1
