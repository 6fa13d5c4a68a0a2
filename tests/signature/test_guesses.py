"""What nobody states of a constructor: the author's defaults, what the source says, then names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from attncheck.catalogue import load
from attncheck.errors import TargetError
from attncheck.subject.prepare import Request, prepare
from attncheck.subject.subject import Subject


class Map(nn.Module):
    """A map of the same shape: scaled by a layer that the subclasses make."""

    layer: nn.Module

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x * self.layer(x)
        return out


class Tokens(Map):
    pass


class Switch(Map):
    def __init__(self, channels: int, group: bool = True, rate: int = 4) -> None:
        super().__init__()
        assert group is True
        self.layer = nn.Conv2d(channels, channels, 1, groups=rate if group else 1)


class Reduction(Map):
    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        hidden = channels // reduction
        self.layer = nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, channels, 1))


class OwnWidth(Reduction):
    def __init__(self, channels: int = 256, reduction: int = 8) -> None:
        super().__init__(channels, reduction)


class OnlyOwnWidth(Reduction):
    def __init__(self, channels: int = 128, reduction: int = 16) -> None:
        assert channels == 128
        super().__init__(channels, reduction)


class IndexedPair(Map):
    def __init__(self, channels: int, kernel_size: Any) -> None:
        super().__init__()
        half = (kernel_size[0] // 2, kernel_size[1] // 2)
        self.layer = nn.Conv2d(channels, channels, kernel_size, padding=half)


class UnpackedPair(Map):
    def __init__(self, channels: int, kernel_size: Any) -> None:
        super().__init__()
        a, b = kernel_size
        self.layer = nn.Conv2d(channels, channels, (a, b), padding=(a // 2, b // 2))


class KeptPair(Map):
    """Reads the pair when it is called, not when it is built."""

    def __init__(self, channels: int, kernel_size: Any) -> None:
        super().__init__()
        self.kernel = kernel_size
        self.layer = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / (self.kernel[0] * self.kernel[1])


class AnnotatedPair(Map):
    def __init__(self, channels: int, kernel_size: tuple[int, int]) -> None:
        super().__init__()
        self.layer = nn.Conv2d(channels, channels, kernel_size, padding="same")
        assert isinstance(kernel_size, tuple)


class LayerGiven(Map):
    def __init__(self, channels: int, dropout: nn.Module) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Conv2d(channels, channels, 1), dropout)


class LayerCalled(Map):
    def __init__(self, channels: int, act) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.layer, self.act = nn.Conv2d(channels, channels, 1), act

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.act(super().forward(x))
        return out


class ClassCalled(Map):
    def __init__(self, channels: int, norm_layer) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.layer = nn.Sequential(nn.Conv2d(channels, channels, 1), norm_layer(channels))


class AxesOrChannels(Map):
    def __init__(self, n_dims: int, width: int = 14, height: int = 14) -> None:
        super().__init__()
        self.layer = nn.Conv2d(n_dims, n_dims, 1)


class LearnedPlaces(Map):
    """Works at its own size alone, which the constructor takes."""

    def __init__(self, channels: int, height: int = 14, width: int = 14) -> None:
        super().__init__()
        self.layer = nn.Conv2d(channels, channels, 1)
        self.places = nn.Parameter(torch.randn(1, channels, height, width))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + self.places)


@dataclass
class Settings:
    n_embd: int = 768
    n_head: int = 12
    bias: bool = True
    block_size: int = 64


class Configured(Tokens):
    def __init__(self, config: Settings) -> None:
        super().__init__()
        assert config.n_embd % config.n_head == 0
        self.layer = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)


class ConfiguredOrNot(Configured):
    """Makes its own config where none is given."""

    def __init__(self, config: Settings | None = None) -> None:
        super().__init__(config or Settings())


class Part(nn.Linear):
    def __init__(self, config: Any) -> None:
        super().__init__(config.hidden_size, config.hidden_size, bias=config.use_bias)


class ConfiguredByParts(Tokens):
    """Hands its config on; nothing says what it is."""

    def __init__(self, config) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        assert config.hidden_size % config.num_attention_heads == 0
        self.layer = nn.Sequential(Part(config), nn.Dropout(config.attention_dropout))


class ConfiguredByKeys(Tokens):
    def __init__(self, cfg) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.layer = nn.Linear(cfg["emb_dim"], cfg["emb_dim"], bias=cfg["qkv_bias"])


class OptionalWindow(Tokens):
    """Attends to everything unless a window is given."""

    def __init__(self, dim: int, sliding_window: int | None = None) -> None:
        super().__init__()
        assert sliding_window is not None
        self.layer = nn.Linear(dim, dim)


def prepared(factory: type[nn.Module], spec: str = "map", **arguments: Any) -> Subject:
    request = Request(factory.__name__, factory.__name__, factory=factory, arguments=arguments)
    subject, failure = prepare(load(spec).document, request)
    assert failure is None, failure
    return subject


def given(subject: Subject) -> dict[str, Any]:
    return subject.binding.arguments(subject.dims)


def test_a_switch_is_no_number() -> None:
    subject = prepared(Switch, "gam")
    assert given(subject) == {"channels": 32}
    assert subject.dims["r"] == 4


def test_the_authors_reduction_stands_and_widens_the_case() -> None:
    subject = prepared(Reduction, "se")
    assert subject.dims["r"] == 16
    assert subject.dims["C"] == 64
    told = "channels=64 (assumed), reduction=16 (the author's)"
    assert subject.binding.describe(subject.dims) == told


def test_a_width_of_the_authors_is_audited_narrower_and_counted_as_it_is() -> None:
    subject = prepared(OwnWidth, "se")
    assert (subject.dims["C"], subject.as_built.dims["C"]) == (32, 256)
    assert "the author's is 256" in subject.binding.describe(subject.dims)


def test_where_a_narrower_one_does_not_work_the_authors_width_is_tried() -> None:
    subject = prepared(OnlyOwnWidth, "se")
    assert subject.dims["C"] == 128
    assert "C" not in subject.variable


@pytest.mark.parametrize("factory", [IndexedPair, UnpackedPair, KeptPair, AnnotatedPair])
def test_what_is_indexed_or_unpacked_is_a_pair(factory: type[nn.Module]) -> None:
    subject = prepared(factory, "cbam-spatial")
    assert given(subject)["kernel_size"] == (subject.dims["k"],) * 2


def test_layers_and_classes_are_made_where_they_are_called() -> None:
    assert isinstance(given(prepared(LayerGiven))["dropout"], nn.Dropout)
    assert isinstance(given(prepared(LayerCalled))["act"], nn.ReLU)
    assert given(prepared(ClassCalled))["norm_layer"] is nn.BatchNorm2d


def test_a_number_of_axes_that_does_not_work_is_a_number_of_channels() -> None:
    assert given(prepared(AxesOrChannels)) == {"n_dims": 32}


def test_a_size_that_only_the_constructor_takes_follows_the_input() -> None:
    subject = prepared(LearnedPlaces)
    assert given(subject) == {"channels": 32, "height": 7, "width": 11}


def test_a_config_is_made_from_its_class_and_the_authors_defaults_stand() -> None:
    subject = prepared(Configured, "causal")
    config = given(subject)["config"]
    assert (config.n_embd, config.n_head, config.block_size) == (48, 12, 64)
    assert subject.dims["heads"] == 12
    assert subject.as_built.dims["C"] == 768


def test_a_config_that_may_be_none_is_made_as_the_module_makes_it() -> None:
    subject = prepared(ConfiguredOrNot, "causal")
    assert isinstance(given(subject)["config"], Settings)
    assert subject.dims["C"] == given(subject)["config"].n_embd


def test_a_config_without_a_class_holds_what_is_read_off_it() -> None:
    config = given(prepared(ConfiguredByParts, "mha"))["config"]
    wanted = {"hidden_size": 48, "num_attention_heads": 3, "attention_dropout": 0.0}
    assert wanted.items() <= vars(config).items()
    assert given(prepared(ConfiguredByKeys, "mha"))["cfg"] == {"emb_dim": 48, "qkv_bias": True}


def test_a_field_of_a_config_is_stated_by_its_name() -> None:
    subject = prepared(Configured, "causal", **{"config.n_head": 4, "config.bias": False})
    config = given(subject)["config"]
    assert (config.n_head, config.bias, subject.dims["heads"]) == (4, False, 4)
    followed = prepared(Configured, "causal", **{"config.n_embd": "C", "config.n_head": 6})
    assert given(followed)["config"].n_embd == followed.dims["C"] == 48


def test_texts_name_pairs_layers_and_configs() -> None:
    assert given(prepared(IndexedPair, kernel_size=(1, 1)))["kernel_size"] == (1, 1)
    size = prepared(AnnotatedPair, "cbam-spatial", kernel_size="(k, k)")
    assert given(size)["kernel_size"] == (7, 7)
    assert given(prepared(ClassCalled, norm_layer="nn.InstanceNorm2d"))["norm_layer"] is (
        nn.InstanceNorm2d
    )
    assert given(prepared(LayerCalled, act="nn.GELU()"))["act"].__class__ is nn.GELU
    made = given(prepared(Configured, "causal", config="Settings(n_embd=48)"))["config"]
    assert made == Settings(n_embd=48)


def test_none_stands_for_the_dim_that_it_is_named_after() -> None:
    subject = prepared(OptionalWindow, "sliding-window")
    assert given(subject)["sliding_window"] == subject.dims["window"]


NAMES = {
    "nums_head": "heads",
    "n_state": "C",
    "dim_Q": "C",
    "q_size": "C",
    "head_num": "heads",
    "num_key_value_heads": "heads",
    "attention_head_size": "d",
    "places": "N",
    "max_tokens": "N",
    "embedding_width": "C",
    "hid_dim": "C",
    "self_attention_num_heads": "heads",
    "dec_hid": "C",
}


@pytest.mark.parametrize(("name", "dim"), NAMES.items())
def test_names_are_read_word_by_word(name: str, dim: str) -> None:
    made: dict[str, Any] = {}
    exec(
        f"class Made(Tokens):\n"
        f"    def __init__(self, {name}, dim_={{}}):\n"
        f"        super().__init__()\n"
        f"        self.seen = {name}\n"
        f"        self.layer = nn.Identity()\n",
        {"Tokens": Tokens, "nn": nn},
        made,
    )
    subject = prepared(made["Made"], "tokens")
    assert subject.binding.symbolic[name] == dim


class Unknown(Map):
    def __init__(self, channels: int, flavour: str) -> None:
        super().__init__()


def test_what_no_rule_knows_is_asked_for() -> None:
    with pytest.raises(TargetError, match="'flavour'"):
        prepared(Unknown)


class Inside(nn.Module):
    """Names that nobody knows; the layers say what is what."""

    def __init__(self, wide: int, roomy: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(wide, 4, batch_first=True)
        self.first, self.last = nn.Linear(wide, roomy), nn.Linear(roomy, wide)
        self.one, self.two = nn.LayerNorm(wide), nn.LayerNorm(wide)

    def forward(self, x: Tensor) -> Tensor:
        x = self.one(x + self.attention(x, x, x)[0])
        return self.two(x + self.last(self.first(x).relu()))  # type: ignore[no-any-return]


class Squeezed(Map):
    """A width that is met through another class and through an attribute."""

    def __init__(self, expanded: int) -> None:
        super().__init__()
        self.expanded = expanded
        self.layer = Conv(self.expanded)


class Conv(nn.Sequential):
    def __init__(self, size_: int) -> None:
        super().__init__(nn.Conv2d(in_channels=size_, out_channels=4, kernel_size=1), nn.ReLU())
        self.append(nn.Conv2d(4, size_, 1))


def test_what_the_layers_make_of_a_width_says_what_it_is() -> None:
    inside = prepared(Inside, "postnorm-block").binding
    assert inside.symbolic == {"wide": "C", "roomy": "F"}
    assert set(inside.assumed()) == {"wide", "roomy"}
    assert prepared(Squeezed).binding.symbolic == {"expanded": "C"}
