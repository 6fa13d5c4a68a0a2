"""What a diff shows: what is alike in one row, what is worse first, nothing that is not known."""

from __future__ import annotations

from attncheck.commands.diff.page import page_of
from attncheck.data.changes import (
    Attention,
    AttentionChange,
    Break,
    Changes,
    CostChange,
    OutputChange,
    PartChange,
    Reshaped,
    StateChange,
    VersionSide,
)
from attncheck.formats import render_page

SIDES = {"before": VersionSide("old.py:Net()"), "after": VersionSide("new.py:Net()")}


def shown(found: Changes) -> list[str]:
    """Return the lines of the page, runs of spaces as one."""
    text = render_page(page_of(found), color=False, width=160)
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_keys_that_differ_by_their_numbers_share_a_row() -> None:
    state = StateChange(
        keys=6,
        elements=60,
        lost=[f"blocks.{n}.qkv.bias" for n in range(3)],
        new=[f"blocks.{n}.se.{k}.weight" for n in range(3) for k in ("up", "down")],
        reshaped=[Reshaped(f"blocks.{n}.fc", f"blocks.{n}.fc", [4, 2], [4, 3]) for n in range(3)],
    )
    parts = [PartChange(f"blocks.{n}.se", "SE", (None, 8), (None, 16)) for n in range(3)]
    cost = CostChange("parameters", 60, 84)
    lines = shown(Changes(**SIDES, state=state, parts=parts, costs=[cost]))
    assert "lost blocks.N.qkv.bias ×3" in lines
    assert "another shape blocks.N.fc ×3 4×2 → 4×3" in lines
    assert "new blocks.N.se.* ×6" in lines
    assert "blocks.N.se ×3 SE +8 parameters, +16 MACs" in lines
    assert "parameters 60 84 +40 %" in lines


def test_what_is_worse_stands_first() -> None:
    right = Attention(name="SE", place="se", mechanism="se", known="proven", verdict="conforms")
    wrong = Attention(
        name="SE",
        place="se",
        mechanism="se",
        known="departs",
        verdict="violates",
        said="no gate",
        line="se.py:4",
    )
    change = AttentionChange("changed", ["se"], right, wrong, ["verdict", "how it is known"])
    same = AttentionChange("same", ["a", "b"], right, right)
    lines = shown(Changes(**SIDES, attention=[change, same], worse=["SE violates now: se"]))
    assert lines[1:3] == ["Worse", "SE violates now: se"]
    assert "2 the same" in lines
    (row,) = [line for line in lines if line.startswith("changed")]
    assert row == "changed SE se se, proven: conforms → se, departs: violates; se.py:4 no gate"


def test_nothing_is_said_to_be_no_worse_where_a_side_is_not_known() -> None:
    assert "nothing is worse" in shown(Changes(**SIDES))
    assert "neither holds an attention" in shown(Changes(**SIDES))
    unknown = Changes(before=SIDES["before"], after=VersionSide("new.py:Net()", problem="hangs"))
    lines = shown(unknown)
    assert "nothing is worse" not in lines
    assert "neither holds an attention" not in lines
    assert "new.py:Net() hangs" in lines


def test_a_break_has_its_line_and_the_call_that_would_fit() -> None:
    broken = Break("head", "Linear", "gets 8", "stem", "net.py:3", "Linear(4, 2)", "Linear(8, 2)")
    lines = shown(Changes(**SIDES, broken={"after": [broken]}))
    at = lines.index("Where new.py:Net() breaks")
    assert lines[at + 1 : at + 4] == [
        "head Linear gets 8, from stem",
        "net.py:3 Linear(4, 2)",
        "would fit Linear(8, 2)",
    ]


def test_outputs_that_change_alike_share_a_row_and_long_tables_are_cut() -> None:
    same = [OutputChange(f"layers.{n}", "1×8", "1×4") for n in range(20)]
    lines = shown(Changes(**SIDES, outputs=same))
    assert "layers.N ×20 1×8 1×4" in lines
    other = [OutputChange(f"layers.{n}", "1×8", f"1×{n}") for n in range(20)]
    lines = shown(Changes(**SIDES, outputs=other))
    assert "… 8 more, in --format json" in lines
