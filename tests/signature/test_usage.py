"""What a class does with a parameter says what it is: a config in a config, a switch, a number."""

import pytest
from torch import Tensor, nn

from attncheck.errors import TargetError
from tests.signature.test_guesses import Map, Tokens, given, prepared


class Nested(Tokens):
    """A config whose parts are configs themselves, and a switch that nothing but ``if`` reads."""

    def __init__(self, config, verbose) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.verbose = verbose
        assert config.hidden_size % config.encoder["num_heads"] == 0
        wide = nn.Linear(config.hidden_size, config.hidden_size)
        self.layer = nn.Sequential(wide, nn.Dropout(config.rates.dropout))
        self.text = config.activation.lower()

    def forward(self, x: Tensor) -> Tensor:
        out = super().forward(x)
        if not self.verbose:
            return out
        return out + 1


def test_a_field_that_is_indexed_or_read_is_a_config_itself() -> None:
    subject = prepared(Nested, "mha", **{"config.activation": "gelu"})
    config = given(subject)["config"]
    assert config.encoder["num_heads"] == subject.dims["heads"]
    assert (config.hidden_size, config.rates.dropout, config.activation) == (48, 0.0, "gelu")
    stated = prepared(Nested, "mha", **{"config.activation": "", "config.encoder.num_heads": 4})
    assert stated.dims["heads"] == 4


def test_what_is_only_asked_whether_it_is_true_is_a_switch() -> None:
    assert given(prepared(Nested, "mha", **{"config.activation": "gelu"}))["verbose"] is False


class NoSwitch(Map):
    """The number is asked for, too, but it counts something."""

    def __init__(self, channels: int, passes) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.layer = nn.Conv2d(channels, channels, 1)
        self.again = range(passes) if passes else ()


def test_what_is_used_as_well_is_asked_for() -> None:
    with pytest.raises(TargetError, match="passes"):
        prepared(NoSwitch, "se")


class Branches(Map):
    """Two kernels by number, as copies of selective kernels have them."""

    def __init__(self, features: int, WH, M, G, r) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        assert M == 2
        self.layer = nn.Conv2d(features, features, 3, padding=1, groups=G)


def test_the_number_of_branches_is_the_definitions_own() -> None:
    assert given(prepared(Branches, "sk"))["M"] == 2
