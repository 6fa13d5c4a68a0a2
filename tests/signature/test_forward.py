"""How a module is called follows from its signature, its names and what the user states."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from attncheck.errors import TargetError
from attncheck.subject.trial import Trial
from tests.attention import Attention, CrossAttention, MaskedAttention, TimeMajorAttention
from tests.deciding import subject_of


class Cross(Attention):
    """Takes queries, keys and values in the order and by the names of its subclass."""

    def cross(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        q, k, v = self.split(self.q(query)), self.split(self.k(key)), self.split(self.v(value))
        weights = (q @ k.mT * self.scale(q)).softmax(-1)
        return self.o((weights @ v).transpose(1, 2).flatten(2))


class QKV(Cross):
    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return self.cross(q, k, v)


class ValuesFirst(Cross):
    def forward(self, values: Tensor, keys: Tensor, query: Tensor, mask: Any = None) -> Tensor:
        assert mask is None
        return self.cross(query, keys, values)


class MaskInBetween(Cross):
    def forward(
        self, query: Tensor, mask: Any = None, key: Any = None, value: Any = None
    ) -> Tensor:
        assert mask is None
        return self.cross(query, query if key is None else key, query if key is None else value)


class KeywordOnly(Cross):
    def forward(self, x: Tensor, *, context: Tensor, **extra: Any) -> Tensor:
        assert not extra
        return self.cross(x, context, context)


class AnythingThenContext(Cross):
    def forward(self, *args: Tensor, context: Any = None, **extra: Any) -> Tensor:
        assert not extra
        return self.cross(args[0], *((args[0],) * 2 if context is None else (context,) * 2))


class OptionalContext(Cross):
    def forward(self, x: Tensor, context: Any = None, return_weights: bool = False) -> Tensor:
        assert return_weights is False
        context = x if context is None else context
        return self.cross(x, context, context)


class WithSize(Attention):
    def forward(self, x: Tensor, H: int, W: int) -> Tensor:
        assert x.shape[1] == H * W
        return self.attend(x, x)


class StateAndMemory(nn.Module):
    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.score = nn.Linear(hidden_size, hidden_size)

    def forward(self, hidden: Tensor, encoder_outputs: Tensor) -> tuple[Tensor, Tensor]:
        weights = torch.einsum("bc,bmc->bm", self.score(hidden), encoder_outputs).softmax(1)
        return torch.einsum("bm,bmc->bc", weights, encoder_outputs), weights


class KnownMask(MaskedAttention):
    def forward(self, x: Tensor, key_padding_mask: Tensor) -> Tensor:
        return self.attend(x, x, key_padding_mask)


def call_of(factory: Any, spec: str, *inputs: str, **arguments: Any) -> str:
    """Return the call that works, as the report names it, after one run of it."""
    subject = subject_of(factory, spec, inputs=inputs, **arguments)
    trial = Trial(subject, subject.base())
    assert tuple(trial.run(trial.module(), trial.inputs()).shape) == trial.sizes(trial.output_axes)
    return subject.convention.describe()


@pytest.mark.parametrize(
    ("module", "call"),
    [
        (Attention, "self(x)"),
        (TimeMajorAttention, "self(x), time-major"),
        (OptionalContext, "self(x)"),
        (AnythingThenContext, "self(args[0])"),
        (CrossAttention, "context(x, context)"),
        (KeywordOnly, "context(x, context)"),
        (QKV, "qkv(q, k, v)"),
        (ValuesFirst, "qkv(values, keys, query)"),
    ],
)
def test_the_signature_says_which_call_is_meant(module: type[nn.Module], call: str) -> None:
    assert call_of(module, "mha") == call


def test_names_decide_over_order() -> None:
    subject = subject_of(ValuesFirst, "mha")
    assert [a.input for a in subject.convention.arguments] == ["value", "key", "query"]


def test_a_parameter_with_the_very_name_of_an_input_gets_it() -> None:
    class InputsFirst(nn.Module):
        def forward(self, inputs: Tensor, slots: Tensor) -> Tensor:
            return slots + inputs.mean(1, keepdim=True)

    subject = subject_of(InputsFirst, "slot")
    assert [a.input for a in subject.convention.arguments] == ["inputs", "slots"]
    assert list(subject.convention.inputs) == ["slots", "inputs"]


def test_an_argument_after_one_that_is_left_out_goes_by_keyword() -> None:
    assert call_of(MaskInBetween, "seq2seq") == "qkv(query, key, value)"
    arguments = subject_of(MaskInBetween, "seq2seq").convention.arguments
    assert [a.keyword for a in arguments] == [False, True, True]


def test_stated_inputs_choose_the_call() -> None:
    assert call_of(OptionalContext, "mha", "2x5x48", "2x9x48") == "context(x, context)"
    assert call_of(OptionalContext, "mha", "2x5x48") == "self(x)"


def test_queries_keys_and_values_of_one_input_under_the_token_contract() -> None:
    assert call_of(QKV, "tokens") == "tokens(q, k, v)"
    assert call_of(QKV, "tokens", "2x5x48", "2x5x48", "2x5x48") == "tokens(q, k, v)"
    assert call_of(nn.MultiheadAttention, "tokens", batch_first=True) == (
        "tokens(query, key, value)"
    )


def test_torchs_module_is_found_to_be_time_major() -> None:
    assert call_of(nn.MultiheadAttention, "mha") == "qkv(query, key, value), time-major"
    assert call_of(nn.MultiheadAttention, "mha", batch_first=True) == "qkv(query, key, value)"


def test_height_and_width_are_passed_as_numbers() -> None:
    assert call_of(WithSize, "tokens") == "grid(x, H, W)"


def test_one_query_vector_and_a_memory() -> None:
    assert call_of(StateAndMemory, "seq2seq") == "state(hidden, encoder_outputs)"
    stated = call_of(StateAndMemory, "seq2seq", "2x16", "2x9x16", hidden_size=16)
    assert stated == "state(hidden, encoder_outputs)"


def test_a_stated_mask_goes_to_the_parameter_that_is_named_so() -> None:
    call = call_of(MaskedAttention, "mha", "2x7x48", "2x7:pad-true")
    assert call == "self(x, mask: pad-true mask)"
    shapes = ("2x5x48", "2x9x48", "2x9x48", "2x5x9:valid-true")
    subject = subject_of(MaskInBetween, "mha", inputs=shapes)
    mask = subject.convention.masks[0]
    assert (mask.parameter, mask.axes) == ("mask", ("B", "N", "M"))


def test_a_stated_mask_by_keyword() -> None:
    shapes = ("5x2x48", "9x2x48", "9x2x48", "key_padding_mask=2x9:pad-true")
    subject = subject_of(nn.MultiheadAttention, "mha", inputs=shapes, embed_dim=48, num_heads=3)
    assert subject.convention.masks[0].axes == ("B", "M")
    assert subject.convention.layout == "time-major"
    assert (subject.dims["B"], subject.dims["N"], subject.dims["M"]) == (2, 5, 9)


def test_a_required_mask_with_torchs_name_is_known() -> None:
    assert call_of(KnownMask, "mha") == "self(x, key_padding_mask: pad-true mask)"


class MaskNeverRead(Attention):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.attend(x, x + 0 * mask.sum())


def test_what_a_required_mask_means_is_found_by_trying() -> None:
    assert call_of(MaskedAttention, "mha") == "self(x, mask: pad-true mask)"


def test_a_required_mask_that_does_nothing_is_an_error_with_the_line_to_type() -> None:
    with pytest.raises(TargetError) as raised:
        subject_of(MaskNeverRead, "mha")
    assert "forward needs the mask 'mask'" in str(raised.value)
    assert "--input 2x7x48 --input 2x7:pad-true" in raised.value.instead


def test_inputs_that_fit_no_call_are_an_error_that_names_the_parameters() -> None:
    with pytest.raises(TargetError) as raised:
        subject_of(nn.Bilinear, "tokens", in1_features=48, in2_features=48, out_features=48)
    assert "forward(input1, input2)" in str(raised.value)


def test_a_second_input_that_is_stated_is_handed_on() -> None:
    assert call_of(CrossAttention, "tokens", "2x5x48", "2x9x48") == "tokens(x, context)"


class Linformer(Attention):
    def __init__(self, dim: int, heads: int, shape: tuple[int, int]) -> None:
        super().__init__(dim, heads)
        self.shorter = nn.Linear(*shape)

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(x, self.shorter(x.mT).mT)


def test_a_length_in_an_argument_of_any_name_is_not_varied() -> None:
    fixed = subject_of(Linformer, "tokens", inputs=("2x12x48",), dim=48, heads=3, shape=(12, 6))
    assert "N" not in fixed.variable
    free = subject_of(Attention, "tokens", inputs=("2x12x48",), dim=48, heads=12)
    assert "N" in free.variable


class PairOfSides(nn.Module):
    """Tokens and the shape of their map, in the order in which the source unpacks it."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layer = nn.Conv2d(dim, dim, 3, padding=1)

    def grid(self, x: Tensor, sides: Any) -> Tensor:
        b, n, c = x.shape
        assert n == sides[0] * sides[1]
        assert sides[0] != sides[1]
        y: Tensor = self.layer(x.transpose(1, 2).reshape(b, c, *sides))
        return y.flatten(2).transpose(1, 2)

    def forward(self, x: Tensor, hw_shape: Any) -> Tensor:
        """(B, H * W, C) -> same."""
        return self.grid(x, hw_shape)


class WidthFirst(PairOfSides):
    def forward(self, x: Tensor, size: Any) -> Tensor:
        """(B, H * W, C) -> same."""
        w, h = size
        return self.grid(x, (h, w))


def test_the_sides_of_a_map_may_come_as_a_pair() -> None:
    assert call_of(PairOfSides, "sra") == "tokens(x, hw_shape: height and width)"
    assert call_of(PairOfSides, "sra", "2x15x24") == "tokens(x, hw_shape: height and width)"
    assert call_of(WidthFirst, "sra") == "tokens(x, size: width and height)"
