"""What a child says of a live model: whatever kind of model that is, and where it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from attncheck.commands.diff.measure import ModelMeasured, measure_of
from attncheck.commands.diff.measured import measure

NETS = Path(__file__).parent / "nets.py"


@pytest.fixture(autouse=True)
def fastpath() -> Iterator[None]:
    """Put back what a child sets for good."""
    before = torch.backends.mha.get_fastpath_enabled()
    yield
    torch.backends.mha.set_fastpath_enabled(before)


def measured(model: str, *inputs: str, spec: str = "") -> ModelMeasured:
    """Return what the last step says."""
    events = list(measure(measure_of(f"{NETS}:{model}", inputs, spec).question))
    last = events[-1]
    assert isinstance(last, ModelMeasured)
    return last


def test_what_is_counted_adds_up_to_the_whole() -> None:
    found = measured("Detector(attention=True)", "2x3x16x16")
    conv = [(3, 8, 9, 8), (8, 16, 9, 4), (16, 16, 9, 4), (16, 32, 9, 2)]
    macs = sum(2 * inside * out * kernel * side**2 for inside, out, kernel, side in conv)
    assert sum(found.macs.values()) == macs + 2 * (2 * 16 * 4) + 2 * 32 * 5
    assert sum(found.own.values()) == found.parameters
    assert found.shapes["model.3"] == [2, 16, 4, 4]
    assert found.first == [2, 3, 16, 16]
    # A convolution's output stays until its norm's is there, which then meets the activation's.
    assert found.memory >= 2 * 2 * 8 * 8 * 8 * 4


def test_memory_is_the_same_each_time() -> None:
    assert measured("Detector()").memory == measured("Detector()").memory


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", ["lazy()", "scripted()", "packed()", "shared()", "Nested()"])
def test_unusual_models_are_measured(model: str) -> None:
    found = measured(model, "2x3x8x8")
    assert not found.failed
    assert found.outputs
    if model == "lazy()":
        assert found.state["0.weight"] == [4, 3, 1, 1]
    if model == "packed()":
        assert found.state["1._packed_params._packed_params"] == [4, 8]
    if model == "shared()":
        assert found.parameters == 3 * 3 * 1 + 3
        assert list(found.shapes) == ["1", ""]  # of two calls neither is the submodule's


def test_a_call_of_lazy_layers_is_found_by_trying() -> None:
    assert measured("lazy()").inputs == ["2x3x64x64"]


def test_each_output_has_a_name() -> None:
    found = measured("Nested()", "2x3x8x8")
    assert [one.place for one in found.outputs] == ["maps[0]", "maps[1].low", "total"]


def test_a_part_is_called_as_the_whole_calls_it() -> None:
    found = measured("Detector()#model.1", "2x3x16x16")
    assert found.first == [2, 8, 8, 8]
    assert next(iter(found.state)) == "conv.weight"
    assert sum(found.macs.values()) == 2 * 8 * 16 * 9 * 4**2


def test_a_class_is_built_at_the_sizes_of_its_spec() -> None:
    found = measured("SqueezeExcite", spec="se")
    assert list(found.state) == ["reduce.weight", "reduce.bias", "expand.weight", "expand.bias"]


def test_a_break_leaves_the_rest_known() -> None:
    found = measured("Mixed(width=24)", "2x3x16x16")
    assert found.failed
    assert [one.layer for one in found.breaks] == ["norm", "blocks.0.fc.0"]


def test_a_layer_whose_width_is_not_what_is_wrong_is_not_accused() -> None:
    (broken,) = measured("OwnNorm()", "2x3x8x8").breaks
    assert broken.layer == "norm"
    assert broken.what.startswith("raises RuntimeError")
    assert not broken.fits


def test_of_a_call_of_indices_what_breaks_is_found_with_indices() -> None:
    (broken,) = measured("Words(wide=12)", "2x5").breaks
    assert (broken.layer, broken.fits) == ("head", "nn.Linear(8, 4)")


def test_a_layer_that_is_a_copy_has_the_line_of_what_it_copies() -> None:
    broken = measured("copies()", "2x3x8x8").breaks[0]
    assert (broken.layer, broken.fits) == ("0", "nn.Conv2d(3, 5, 1)")


def test_what_follows_from_a_layer_that_was_given_other_tensors_is_not_told() -> None:
    (broken,) = measured("gated()", "2x3x8x8").breaks
    assert (broken.layer, broken.fits) == ("1.reduce", "SqueezeExcite(3, 4)")
