"""An expression of a definition as MathML: ``linear(p.squeeze, z)`` reads W_squeeze z."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from html import escape

from attncheck.reference.slots import Slot

_GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "theta": "θ",
    "kappa": "κ",
    "mu": "μ",
    "sigma": "σ",
    "phi": "φ",
    "psi": "ψ",
    "rho": "ρ",
    "tau": "τ",
    "omega": "ω",
    "lambda": "λ",
    "eps": "ε",
    "eta": "η",
}
_FUNCTIONS = {"sigmoid": "σ", "relu": "ReLU", "gelu": "GELU", "silu": "SiLU", "elu": "ELU"}
_MATRICES = {"linear", "pointwise"}
_CONVOLUTIONS = {"conv", "conv1d"}
_SIGNS = {
    ast.Add: "+",
    ast.Sub: "−",
    ast.Mult: "⊙",
    ast.Mod: "mod",
    ast.FloorDiv: "÷",
    ast.BitOr: "∨",
    ast.BitAnd: "∧",
    ast.Invert: "¬",
    ast.USub: "−",
    ast.Not: "¬",
    ast.Eq: "=",
    ast.NotEq: "≠",
    ast.Lt: "<",
    ast.LtE: "≤",
    ast.Gt: ">",
    ast.GtE: "≥",
    ast.Is: "=",
    ast.IsNot: "≠",
    ast.In: "∈",
    ast.NotIn: "∉",
    ast.And: "and",
    ast.Or: "or",
}
_BINDING = {
    ast.BitOr: 1,
    ast.BitAnd: 1,
    ast.Add: 2,
    ast.Sub: 2,
    ast.Mult: 3,
    ast.MatMult: 3,
    ast.Div: 3,
    ast.FloorDiv: 3,
    ast.Mod: 3,
    ast.Pow: 5,
}
_TIGHT = 9


def math(inner: str) -> str:
    """Return MathML to stand in a page."""
    return f'<math displaystyle="true">{inner}</math>'


def text(said: str) -> str:
    """Return words inside mathematics, with the spaces around them."""
    kept = re.sub(r"^ | $", "\N{NO-BREAK SPACE}", said)
    return f"<mtext>{escape(kept)}</mtext>"


def symbol(name: str) -> str:
    """Return a variable: letters before the first underscore or digit, the rest below them."""
    base, digits, below = re.fullmatch(r"_*([A-Za-z]*)(\d*)_?(.*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
    drawn = f"<mi>{escape(_GREEK.get(base, base) or name)}</mi>"
    under = ", ".join(part for part in (digits, *below.split("_")) if part)
    return f"<msub>{drawn}<mtext>{escape(under)}</mtext></msub>" if base and under else drawn


def formula(written: str) -> str:
    """Return a spec's formula as MathML; a power may be written ``N^2``."""
    tree = ast.parse(written.strip().replace("^", "**"), mode="eval").body
    return math(Writer({}, counts=True).drawn(tree))


class Writer:
    """Draws the expressions of one definition.

    Args:
        slots: its learned tensors.
        counts: whether products are of numbers, without a sign, as in formulas.
    """

    def __init__(self, slots: Mapping[str, Slot], *, counts: bool = False) -> None:
        self.slots = slots
        self.counts = counts

    def drawn(self, node: ast.expr, around: int = 0) -> str:
        """Return an expression as MathML; in brackets where ``around`` binds closer than it."""
        match node:
            case ast.Constant(value=value):
                return _constant(value)
            case ast.Name(id=name):
                word = self.counts and len(name.partition("_")[0]) > 1
                return text(name) if word else symbol(name)
            case ast.Attribute(value=ast.Name(id="p"), attr=slot):
                return self._slot(slot)
            case ast.Attribute(value=ast.Name(id="o"), attr=option):
                return f'<mi class="option">{escape(option)}</mi>'
            case ast.Attribute(value=value, attr=name):
                return f"{text(name)}{_bracketed(self.drawn(value))}"
            case ast.BinOp():
                return self._product(node, around)
            case ast.UnaryOp(op=op, operand=operand):
                sign = f"<mo>{_SIGNS.get(type(op), '+')}</mo>"
                return _closed(f"{sign}{self.drawn(operand, 4)}", 4, around)
            case ast.Call():
                return self._call(node, around)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self._cases(test, body, other)
            case ast.Compare(left=left, ops=ops, comparators=others):
                parts = [self.drawn(left, 2)]
                for op, other in zip(ops, others, strict=True):
                    parts += [f"<mo>{escape(_SIGNS[type(op)])}</mo>", self.drawn(other, 2)]
                return _closed("".join(parts), 1, around)
            case ast.BoolOp(op=op, values=values):
                sign = text(f" {_SIGNS[type(op)]} ")
                return _closed(sign.join(self.drawn(v, 1) for v in values), 0, around)
            case ast.Subscript(value=ast.Attribute(value=value, attr="shape"), slice=index):
                return (
                    f"<msub>{text('size')}{self.drawn(index)}</msub>{_bracketed(self.drawn(value))}"
                )
            case ast.Subscript(value=value, slice=index):
                return f"<msub>{self.drawn(value, _TIGHT)}{text(_places(index))}</msub>"
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return _bracketed(self._several(parts))
        return text(ast.unparse(node))

    def _several(self, nodes: list[ast.expr]) -> str:
        return "<mo>,</mo>".join(self.drawn(node) for node in nodes)

    def _slot(self, name: str) -> str:
        return f'<mrow class="learned">{symbol(name)}</mrow>'

    def _over(self, above: ast.expr, below: ast.expr) -> str:
        return f"<mfrac><mrow>{self.drawn(above)}</mrow><mrow>{self.drawn(below)}</mrow></mfrac>"

    def _product(self, node: ast.BinOp, around: int) -> str:
        own = _BINDING.get(type(node.op), 1)
        left, right = node.left, node.right
        match node.op:
            case ast.Div():
                return self._over(left, right)
            case ast.Pow() if isinstance(right, ast.Constant) and right.value == 0.5:
                return f"<msqrt>{self.drawn(left)}</msqrt>"
            case ast.Pow():
                base, power = self.drawn(left, 6), self.drawn(right)
                return f"<msup><mrow>{base}</mrow><mrow>{power}</mrow></msup>"
            case ast.MatMult():
                sign = '<mspace width="0.25em"/>'
            case ast.FloorDiv():
                return f"<mo>⌊</mo>{self._over(left, right)}<mo>⌋</mo>"
            case ast.Mult() if self.counts or _number(left) or _number(right):
                sign = "<mo>·</mo>" if _number(right) else '<mspace width="0.17em"/>'
            case op:
                sign = f"<mo>{escape(_SIGNS.get(type(op), '?'))}</mo>"
        return _closed(f"{self.drawn(left, own)}{sign}{self.drawn(right, own + 1)}", own, around)

    def _call(self, node: ast.Call, around: int) -> str:
        called, arguments = node.func, list(node.args)
        if isinstance(called, ast.Attribute) and not _is_module(called.value):
            return self._method(called, arguments, around)
        name = called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)
        first = arguments[0] if arguments else None
        slot = _slot_of(first)
        kind = self.slots[slot].kind if slot in self.slots else ""
        if slot and name in _MATRICES and len(arguments) == 2:
            applied = f'{_learned("<mi>W</mi>", slot)}<mspace width="0.17em"/>'
            return _closed(f"{applied}{self.drawn(arguments[1], 4)}", 3, around)
        if slot and name in _CONVOLUTIONS and len(arguments) == 2:
            applied = f"{_learned('<mi>K</mi>', slot)}<mo>∗</mo>"
            return _closed(f"{applied}{self.drawn(arguments[1], 4)}", 3, around)
        if slot and name == "norm" and kind == name:
            head = _learned(text(norm_name(self.slots[slot])), slot)
            return f"{head}{_bracketed(self._several(arguments[1:]))}"
        if name == "softmax" and len(arguments) == 2:
            below = text(_axis(arguments[1]))
            return f"<msub><mi>softmax</mi>{below}</msub>{_bracketed(self.drawn(arguments[0]))}"
        if name == "tanh" or name == "exp":
            return f"<mi>{name}</mi>{_bracketed(self._several(arguments))}"
        keywords = [ast.Constant(f"{k.arg} = {ast.unparse(k.value)}") for k in node.keywords]
        head = f"<mi>{_FUNCTIONS[name]}</mi>" if name in _FUNCTIONS else _function(name)
        return f"{head}{_bracketed(self._several([*arguments, *keywords]))}"

    def _method(self, called: ast.Attribute, arguments: list[ast.expr], around: int) -> str:
        inner = called.value
        if called.attr == "transpose" and [ast.unparse(a) for a in arguments] == ["-1", "-2"]:
            return f"<msup>{self.drawn(inner, _TIGHT)}<mo>⊤</mo></msup>"
        if called.attr == "sqrt":
            return f"<msqrt>{self.drawn(inner)}</msqrt>"
        if called.attr == "square":
            return f"<msup><mrow>{self.drawn(inner, 6)}</mrow><mn>2</mn></msup>"
        if called.attr == "abs":
            return f"<mo>|</mo>{self.drawn(inner)}<mo>|</mo>"
        below = ", ".join(ast.unparse(argument) for argument in arguments)
        head = f"<msub><mi>{escape(called.attr)}</mi>{text(below)}</msub>" if below else ""
        return f"{head or _function(called.attr)}{_bracketed(self.drawn(inner))}"

    def _cases(self, test: ast.expr, body: ast.expr, other: ast.expr) -> str:
        rows = [(self.drawn(body), f"{text('if ')}{self.drawn(test)}")]
        while isinstance(other, ast.IfExp):
            rows.append((self.drawn(other.body), f"{text('if ')}{self.drawn(other.test)}"))
            other = other.orelse
        rows.append((self.drawn(other), text("otherwise")))
        lines = "".join(f"<mtr><mtd>{a}</mtd><mtd>{b}</mtd></mtr>" for a, b in rows)
        return f'<mrow><mo>{{</mo><mtable class="cases">{lines}</mtable></mrow>'


def norm_name(slot: Slot) -> str:
    """Return the kind of a normalisation, as people write it."""
    settings = dict(slot.settings)
    if "rank" in settings:
        return "BN"
    if "groups" in settings:
        return "GN"
    return {True: "RMS", False: "LN"}.get(settings.get("rms", False), "Norm")


def _learned(sign: str, slot: str) -> str:
    return f'<mrow class="learned"><msub>{sign}{text(slot)}</msub></mrow>'


def _function(name: str) -> str:
    """Return a step's name; the axes that it is over stand below: ``mean_hw``."""
    base, _, below = name.partition("_")
    axes = below and set(below) <= set("hwcn")
    return f"<msub><mi>{base}</mi>{text(below)}</msub>" if axes else f"<mi>{name}</mi>"


def _slot_of(node: ast.expr | None) -> str:
    match node:
        case ast.Attribute(value=ast.Name(id="p"), attr=slot):
            return slot
    return ""


def _is_module(node: ast.expr) -> bool:
    return ast.unparse(node) in ("torch", "F", "torch.nn.functional", "nn.functional")


def _number(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant) or (
        isinstance(inner, ast.BinOp) and _number(inner.left) and _number(inner.right)
    )


def _constant(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return f"<mi>{str(value).lower()}</mi>"
    if isinstance(value, (int, float)):
        return f"<mn>{value:g}</mn>"
    return f"<mi>{escape(str(value))}</mi>"


def _axis(node: ast.expr) -> str:
    written = ast.unparse(node)
    return {"-1": "last axis"}.get(written, f"axis {written}")


def _places(node: ast.expr) -> str:
    return ast.unparse(node).replace("None", "·").strip("()")


def _bracketed(inner: str) -> str:
    return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>"


def _closed(inner: str, own: int, around: int) -> str:
    return _bracketed(inner) if own < around else f"<mrow>{inner}</mrow>"
