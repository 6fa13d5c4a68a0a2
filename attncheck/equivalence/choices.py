"""Whether a departure is a designer's choice or a mistake, and its difference in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType

from attncheck.equivalence.comparison import relative
from attncheck.equivalence.departure import Departure
from attncheck.equivalence.recording import Made
from attncheck.equivalence.slices import NORMS, PRODUCTS, SAME, Slice, number_text
from attncheck.equivalence.steps import RETURN
from attncheck.lazy import torch
from attncheck.subject.tolerance import EQUAL, NEARLY

_RECTIFIERS = frozenset(
    {"relu", "silu", "gelu", "elu", "leaky_relu", "hardswish", "mish", "softplus", "hardtanh"}
    | {"prelu", "_prelu_kernel"}
)
_GATES = frozenset({"sigmoid", "hardsigmoid"})
_FAMILIES = (_RECTIFIERS, _GATES)
_WORDS = {
    "relu": "ReLU",
    "silu": "SiLU",
    "gelu": "GELU",
    "elu": "ELU",
    "leaky_relu": "leaky ReLU",
    "hardswish": "hard swish",
    "mish": "Mish",
    "softplus": "softplus",
    "hardtanh": "ReLU6",
    "_prelu_kernel": "PReLU",
    "hardsigmoid": "hard sigmoid",
    "_softmax": "softmax",
    "_log_softmax": "log-softmax",
    "BN norm": "batch norm",
    "LN norm": "layer norm",
    "GN norm": "group norm",
    "RMSNorm norm": "RMS norm",
    "masked_fill": "mask",
    "amax": "maximum",
    "amin": "minimum",
    "sum": "sum",
    "mul": "product",
    "add": "sum of two",
    "sub": "difference",
    "div": "division",
    "product": "matrix product",
    "cumsum": "running sum",
}
ALONG = frozenset(
    {"_softmax", "_safe_softmax", "_log_softmax", "sum", "mean", "amax", "amin", "cumsum", "var"}
)
BY = frozenset({"mul", "div", "add", "sub", "pow"})
LEFT_ON = "dropout that is not turned off"
_ORDER = "the right numbers in another order"
_TOGETHER = "put together in another way"
_SHIFTED = "positions or an index shifted by one"
_RANDOM = frozenset({"bernoulli", "native_dropout", "rand_like", "randn_like", "normal"})


@dataclass(frozen=True)
class Reading:
    """What a departure is.

    Attributes:
        choice: the design change in words, "" for what nobody may choose.
        what: the difference in few words.
        headline: the difference, in the definition's symbols.
        expected: the definition's formula.
        seen: the subject's.
        differing: how many operators, names or numbers tell the two apart.
    """

    choice: str
    what: str
    headline: str
    expected: str
    seen: str
    differing: int

    @property
    def is_vague(self) -> bool:
        """Whether no operator, name or number tells the two apart, only their arrangement."""
        return self.what == _TOGETHER


def read(departure: Departure) -> Reading:
    """Return what a departure is."""
    name = departure.step.name
    missing, extra = _between(departure.expected, departure.seen)
    expected = f"{name} = {departure.expected.text}"
    seen = f"{name} = {departure.seen.text}"
    differing = missing.total() + extra.total()
    what = _difference(departure, missing, extra)
    tensors = departure.expected.tensors ^ departure.seen.tensors
    differing += len(tensors) or (not differing and departure.expected.text != departure.seen.text)
    differing += other_numbers(departure.expected, departure.seen, BY) is not None
    headline = f"{what}: {seen} where the definition has {expected}"
    if name == RETURN:
        headline = f"{what}: {seen}"
    if departure.expected.text == departure.seen.text:
        headline = f"{what}: {seen}"
    choice = _choice(departure, missing, extra)
    return Reading(choice, what, headline, expected, seen, differing)


def _between(expected: Slice, seen: Slice) -> tuple[Counter[str], Counter[str]]:
    ours, theirs = expected.operators, seen.operators
    return ours - theirs, theirs - ours


def _choice(departure: Departure, missing: Counter[str], extra: Counter[str]) -> str:
    """Return the design change that a departure is, "" for a mistake."""
    if departure.step.name == RETURN:
        return _behind(departure, missing, extra)
    if departure.step.key[0] < 0:
        return _before(departure)
    norms = [f"{sign} norm" for sign in NORMS.values()]
    if departure.expected.stops != departure.seen.stops:
        return ""
    lost = departure.expected.tensors - departure.seen.tensors
    added = departure.seen.tensors - departure.expected.tensors
    if not missing and extra and all(n in norms for n in extra):
        return f"{_listed(extra)} more"
    if not extra and missing and all(n in norms for n in missing):
        return f"no {_listed(missing, False)}"
    if missing and extra and all(n in norms for n in [*missing, *extra]):
        return f"{_listed(extra)} in place of the {_listed(missing, False)}"
    if missing.total() == extra.total() == 1 and not lost and not added:
        (one,), (other,) = missing, extra
        family = any({one, other} <= family for family in _FAMILIES)
        if family and _in_order(departure.expected) == _in_order(departure.seen, {other: one}):
            return f"{_word(other)} in place of {_word(one)}"
    if named := _in_family(departure):
        return named
    biases = {n for n in added if n.endswith("bias")}
    if biases and added == biases and not missing and set(extra) <= {"add"}:
        return "a bias more"
    return ""


def _in_order(found: Slice, renamed: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Return its operators in their order: relu(a) · b is no relu(a · b)."""
    names = (SAME.get(node.operator, node.operator) for node in found.nodes)
    return [renamed.get(name, name) for name in names]


def _before(departure: Departure) -> str:
    """Return what the input goes through before the definition, "" for no usual thing."""
    said = [_usual(node, departure.seen) for node in departure.seen.nodes]
    return ", ".join(f"{thing} before it" for thing in dict.fromkeys(said)) if all(said) else ""


def _behind(departure: Departure, missing: Counter[str], extra: Counter[str]) -> str:
    """Return what is added behind the whole definition, "" for no usual thing."""
    inner = departure.expected.stops
    if missing or not inner:
        return ""
    said = []
    for node in departure.seen.nodes:
        if node.operator == "add" and len(departure.seen.stops - inner) == 1:
            said.append("an outer residual")
        elif thing := _usual(node, departure.seen):
            said.append(f"{thing} behind it")
        else:
            return ""
    return ", ".join(dict.fromkeys(said))


def _usual(node: Made, within: Slice) -> str:
    """Return what stands around a mechanism as a matter of course, "" for other things."""
    name = node.operator
    if name in NORMS:
        return f"a {_word(f'{NORMS[name]} norm')}"
    if name in PRODUCTS and within.tensors:
        return "a projection"
    return f"a {_word(name)}" if name in _RECTIFIERS else ""


def _in_family(departure: Departure) -> str:
    """Return which activation of the same family gives these values, however it is spelled."""
    nodes = departure.expected.nodes
    if len(nodes) != 1 or len(departure.expected.stops) != 1 or departure.before is None:
        return ""
    if not departure.seen.nodes or departure.seen.tensors:
        return ""  # left out
    functional = torch.nn.functional
    for family in _FAMILIES:
        if nodes[0].operator in family:
            for name in sorted(family):
                apply = getattr(functional, name, None)
                if apply is None or name in (nodes[0].operator, "prelu", "hardtanh"):
                    continue  # what a number tells by itself cannot be guessed
                made = apply(departure.before)
                same = made.numel() == departure.value.numel()
                if same and relative(made.reshape_as(departure.value), departure.value) <= EQUAL:
                    return f"{_word(name)} in place of {_word(nodes[0].operator)}"
    return ""


def _difference(departure: Departure, missing: Counter[str], extra: Counter[str]) -> str:
    """Return the difference in few words."""
    expected, seen = departure.expected, departure.seen
    if any(node.operator in _RANDOM for node in seen.nodes):
        return LEFT_ON
    if masks := other_mask(departure):
        return masks
    if tied(departure.value, departure.step.value):
        return "heads that are tied, all alike"
    if departure.step.key[0] < 0:
        return f"{_listed(extra)} before the whole"
    if departure.step.name == RETURN and not missing:
        return f"{_listed(extra)} behind the whole"
    if missing and not extra:
        return f"no {_listed(missing, False)}"
    if extra and not missing:
        return f"{_listed(extra)} more"
    if missing:
        return f"{_listed(extra)} in place of {_listed(missing, False)}"
    if expected.stops != seen.stops:
        gone = " and ".join(sorted(expected.stops - seen.stops))
        come = " and ".join(sorted(seen.stops - expected.stops))
        if gone and come:
            return f"{come} in place of {gone}"
        return f"{come} besides" if come else f"{gone} left out"
    if others := expected.tensors ^ seen.tensors:
        return f"other parameters ({', '.join(sorted(others))})"
    if (along := other_numbers(expected, seen, ALONG)) is not None:
        return f"the {_word(along[0].operator)} over another axis"
    if (pair := other_numbers(expected, seen, BY)) is not None:
        ours, theirs = (number_text(node.numbers[0]) for node in pair)
        return f"{theirs} in place of {ours}"
    if _other_constant(expected, seen):
        moved = any(is_shifted(a, b) for a, b in _constants(expected, seen))
        return _SHIFTED if moved else "another constant, such as positions or an index"
    if departure.order is not None:
        return _ORDER
    return _TOGETHER


def other_mask(departure: Departure) -> str:
    """Return what is wrong with a mask where it is all that differs, "" for nothing."""
    ours, theirs = departure.expected.masks, departure.seen.masks
    if not ours and theirs and departure.seen.operators["masked_fill"]:
        return "a mask more"
    if ours and not theirs and not departure.seen.operators["add"]:
        return "no mask"
    if not ours or not theirs:
        return ""
    wanted, seen = ours[0].tensor, theirs[0].tensor
    try:
        wanted, seen = wanted | torch.zeros_like(seen), seen | torch.zeros_like(wanted)
    except RuntimeError:
        return ""
    if torch.equal(wanted, seen):
        return ""
    if torch.equal(wanted, ~seen):
        return "the mask read the other way round"
    if float((wanted == seen).double().mean()) < 0.2:
        return "the mask read the other way round"
    more, less = int((seen & ~wanted).sum()), int((wanted & ~seen).sum())
    if more and less:
        return "another mask"
    if more:
        return "a mask that hides more"
    return f"a mask that hides less{_of_the_future(wanted & ~seen)}"


def _of_the_future(shown: torch.Tensor) -> str:
    """Return in words which later tokens are shown to earlier ones, "" where they are not all."""
    pairs = shown.nonzero()
    gaps = pairs[:, -1] - pairs[:, -2] if pairs.shape[-1] > 1 else pairs.new_zeros(1)
    if shown.shape[-1] != shown.shape[-2] or not bool((gaps > 0).all()):
        return ""
    most = int(gaps.max())
    return ": the next token is visible" if most == 1 else f": {most} later tokens are visible"


def tied(value: torch.Tensor, wanted: torch.Tensor) -> bool:
    """Say whether what has heads is the same in each of them, and should not be.

    (B, heads, N, …), or with groups of heads behind the first axis.
    """
    if value.ndim < 4 or value.shape != wanted.shape or value.shape[1] < 2:
        return False
    first = value[:, :1]
    varies = bool((wanted - wanted[:, :1]).abs().max() > NEARLY * wanted.abs().max())
    return varies and bool((value - first).abs().max() <= EQUAL * value.abs().max())


def other_numbers(expected: Slice, seen: Slice, operators: Set[str]) -> tuple[Made, Made] | None:
    """Return the first of these operators that has other numbers in the subject, and its twin."""
    ours, theirs = (
        [node for node in found.nodes if node.operator in operators] for found in (expected, seen)
    )
    for one, other in zip(ours, theirs, strict=False):
        told = one.operator == other.operator and one.numbers and other.numbers
        if told and one.numbers != other.numbers:
            return one, other
    return None


def _constants(expected: Slice, seen: Slice) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    pairs = zip(expected.constants, seen.constants, strict=False)
    return ((a, b) for a, b in pairs if a.numel() == b.numel())


def _other_constant(expected: Slice, seen: Slice) -> bool:
    return any(not torch.equal(a.sum(), b.sum()) for a, b in _constants(expected, seen))


def is_shifted(wanted: torch.Tensor, seen: torch.Tensor) -> bool:
    """Say whether positions or an index are off by one, but for where they are cut."""
    apart = (seen.reshape(-1) - wanted.reshape(-1)).double().round(decimals=6)
    off = apart[apart != 0]
    return 2 * len(off) > len(apart) and bool((off == off[0]).all()) and abs(float(off[0])) == 1


def _word(operator: str) -> str:
    return _WORDS.get(operator, operator.strip("_").replace("_", " "))


def _listed(operators: Counter[str], article: bool = True) -> str:
    said = []
    for name, times in operators.items():
        word = _word(name)
        if times > 1 and name != "masked_fill":
            said.append(f"{times} × {word}")
        else:
            said.append(f"{'an' if word[0] in 'aeioAEIO' else 'a'} {word}" if article else word)
    return " and ".join(said)
