"""Which key is which: by name, by shape, by order; and what is lost."""

from __future__ import annotations

import pytest

from attncheck.commands.diff.keys import changed_state, paired, pattern_of
from attncheck.commands.diff.names import later_names
from attncheck.data.changes import StateChange

CONV = {"conv.weight": [8, 4, 3, 3], "bn.weight": [8], "bn.bias": [8], "bn.num_batches_tracked": []}


def layers(*names: str, out: int = 8) -> dict[str, list[int]]:
    """Return the keys of a convolution and its norm under each of these names."""
    shapes = {k: [out if n == 8 else n for n in shape] for k, shape in CONV.items()}
    return {f"{name}.{key}": shape for name in names for key, shape in shapes.items()}


def state(before: dict[str, list[int]], after: dict[str, list[int]]) -> StateChange:
    return changed_state(before, after, paired(before, after))


def test_what_has_its_name_and_shape_loads() -> None:
    keys = layers("a", "b")
    found = state(keys, keys)
    assert (found.kept, found.keys, found.kept_elements) == (8, 8, found.elements)
    assert not (found.renamed)
    assert not (found.reshaped)
    assert not (found.lost)
    assert not (found.new)
    assert not (found.mistaken)


def test_a_layer_put_into_a_sequence_moves_the_numbers_behind_it() -> None:
    before = {**layers("model.0"), **layers("model.1", out=16), **layers("model.2", out=32)}
    after = {
        **layers("model.0"),
        "model.1.gate.weight": [8, 8, 1, 1],
        **layers("model.2", out=16),
        **layers("model.3", out=32),
    }
    found = state(before, after)
    assert [(one.pattern, len(one.keys)) for one in found.renamed] == [
        ("model.N.* → model.N+1.*", 8)
    ]
    assert found.kept == 4
    assert found.new == ["model.1.gate.weight"]
    assert found.kept_elements + found.renamed_elements == found.elements
    assert not found.lost


def test_a_layer_that_gets_anothers_numbers_is_told() -> None:
    before = {**layers("m.0"), **layers("m.1", out=16), **layers("m.2", out=16)}
    after = {
        **layers("m.0"),
        "m.1.gate.weight": [8, 8, 1, 1],
        **layers("m.2", out=16),
        **layers("m.3", out=16),
    }
    found = state(before, after)
    assert ("m.2.conv.weight", "m.1.conv.weight") in found.mistaken
    assert not any(key.endswith("num_batches_tracked") for key, _ in found.mistaken)


def test_one_more_of_equal_blocks_renames_nothing() -> None:
    before = layers("blocks.0", "blocks.1", "blocks.2")
    after = {**layers("blocks.0", "blocks.1", "blocks.2", "blocks.3")}
    found = state(before, after)
    assert found.kept == 12
    assert len(found.new) == 4
    gone = state(after, before)
    assert (gone.kept, len(gone.lost)) == (12, 4)
    assert not (found.renamed)
    assert not (gone.renamed)


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_of_equal_blocks_those_of_one_name_are_the_same(gone: int) -> None:
    names = [f"blocks.{n}" for n in range(3)]
    before = {"stem.weight": [4, 3], **layers(*names), "end.weight": [7]}
    left = layers(*(name for name in names if name != f"blocks.{gone}"))
    found = state(before, {"stem.weight": [5, 3], **left, "end.weight": [8]})
    assert not found.renamed
    assert not found.mistaken
    assert found.kept == 8


RENAMED = {
    "a wrapper": ("conv.w", "module.conv.w", "* → module.*"),
    "a word": (
        "layers.3.self_attn.q.w",
        "layers.3.attn.q.w",
        "layers.N.self_attn.* → layers.N.attn.*",
    ),
    "its own name": ("norm.gamma", "norm.weight", "norm.gamma → norm.weight"),
    "a number": ("model.9.conv.w", "model.12.conv.w", "model.N.* → model.N+3.*"),
    "a number that goes": ("a.reduce.w", "a.fc.0.w", "a.reduce.* → a.fc.0.*"),
}


@pytest.mark.parametrize("case", RENAMED)
def test_a_change_of_names_is_told_in_general(case: str) -> None:
    old, new, pattern = RENAMED[case]
    assert pattern_of(old, new) == pattern


@pytest.mark.parametrize("case", ["a wrapper", "a word", "a number"])
def test_names_that_all_change_alike_lose_nothing(case: str) -> None:
    old, new, _ = RENAMED[case]
    stems = old.removesuffix(".w"), new.removesuffix(".w")
    found = state(layers(stems[0]), layers(stems[1]))
    assert not found.lost
    assert not found.new
    assert found.renamed_elements == found.elements


def test_a_parameter_under_another_name_is_the_same() -> None:
    found = state({"norm.gamma": [8], "norm.beta": [8]}, {"norm.weight": [8], "norm.bias": [8]})
    assert [one.keys for one in found.renamed] == [
        [("norm.gamma", "norm.weight")],
        [("norm.beta", "norm.bias")],
    ]


def test_another_shape_is_no_loss_of_the_key() -> None:
    found = state(layers("a", "b"), {**layers("a"), **layers("b", out=16)})
    assert found.reshaped[0].before == [8, 4, 3, 3]
    assert found.reshaped[0].after == [16, 4, 3, 3]
    assert not (found.lost)
    assert not (found.new)


def test_models_that_only_share_shapes_share_no_names() -> None:
    before = {"stem.bn1.weight": [64], "layer1.bn2.weight": [64], "fc.weight": [10, 64]}
    after = {"embed.norm.weight": [64], "blocks.0.ln.weight": [64], "head.out.weight": [10, 64]}
    found = state(before, after)
    assert found.lost == list(before)
    assert found.new == list(after)


def test_the_later_name_of_what_holds_no_tensor_follows_its_neighbours() -> None:
    before = {**layers("model.0"), **layers("model.1", out=16), **layers("head.0", out=32)}
    after = {
        **layers("net.model.0"),
        **layers("net.model.1", out=16),
        **layers("net.head.0", out=32),
    }
    now = later_names(paired(before, after))
    assert now("model.1") == "net.model.1"
    assert now("model.1.act") == "net.model.1.act"
    assert now("elsewhere") == "elsewhere"


def test_what_holds_no_tensor_has_its_place_among_the_others() -> None:
    before = {**layers("m.0"), **layers("m.2", out=16)}
    after = {**layers("m.0"), "m.1.fc.weight": [4, 8], **layers("m.3", out=16)}
    one, other = (
        {"": "Net", "m": "Sequential", "m.0": "Conv", "m.1": "Concat", "m.2": "Conv"},
        {"": "Net", "m": "Sequential", "m.0": "Conv", "m.1": "SE", "m.1.fc": "Linear"}
        | {"m.2": "Concat", "m.3": "Conv"},
    )
    now = later_names(paired(before, after, (with_leaves(one), with_leaves(other))))
    assert [now(name) for name in ("m.0", "m.1", "m.2")] == ["m.0", "m.2", "m.3"]


def with_leaves(kinds: dict[str, str]) -> dict[str, str]:
    """Return the submodules with the convolution and the norm in each ``Conv``."""
    found = {}
    for name, kind in kinds.items():
        found[name] = kind
        if kind == "Conv":
            found |= {f"{name}.conv": "Conv2d", f"{name}.bn": "BatchNorm2d"}
    return found
