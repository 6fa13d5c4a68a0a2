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


TREE = Branch(
    "",
    "Net",
    30,
    90,
    0,
    0,
    [
        Branch("stem", "Conv", 5, 10, 5, 10),
        Branch("body", "Sequential", 25, 80, 0, 0, [Branch("0", "Conv", 25, 80, 25, 80)]),
    ],
)


def rows(depth: int = 0, sort: str = "") -> list[str]:
    subject = SubjectReport(
        "map",
        "Net",
        "net.py:Net",
        Verdict.COUNTED,
        counts=msgspec.structs.replace(FOUND, tree=TREE),
    )
    page = page_of(Report(environment={}, subjects=[subject]), depth, sort)
    (shown,) = [s.table for s in page.sections if s.heading == "By submodule" and s.table]
    return [row[0].strip() for row in shown.rows]


def test_submodules_are_shown_as_deep_and_in_the_order_that_is_asked_for() -> None:
    assert rows() == ["Net", "stem", "body", "0"]
    assert rows(depth=1) == ["Net", "stem", "body"]
    assert rows(sort="macs") == ["Net", "body", "0", "stem"]


def test_two_models_are_told_apart_by_what_they_cost() -> None:
    less = Branch("", "Net", 30, 50, 0, 0, [TREE.below[0], Branch("body", "Conv", 25, 40, 25, 40)])
    pair = [
        SubjectReport(
            "map",
            name,
            f"net.py:{name}",
            Verdict.COUNTED,
            counts=msgspec.structs.replace(FOUND, tree=tree, macs=tree.macs),
        )
        for name, tree in (("Old", TREE), ("New", less))
    ]
    page = page_of(Report(environment={}, subjects=pair))
    found = {section.heading: section.table for section in page.sections}
    whole, parts = found["Difference"], found["MACs of submodules that differ"]
    assert whole
    assert parts
    assert whole.rows[1] == ["MACs", "90", "50", "-40", "0.556"]
    assert parts.rows == [["body", "80", "40", "-40", "0.5"], ["body.0", "80", "–", "–", "–"]]
