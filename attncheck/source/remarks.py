"""What catches the eye in a statement: idioms that faults are known to come from."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from attncheck.source.statements import Statement, last_name

_SEEDS = ("manual_seed", "manual_seed_all", "seed", "set_rng_state")
_GLOBALS = (
    "set_default_dtype",
    "set_default_device",
    "set_default_tensor_type",
    "set_num_threads",
    "set_grad_enabled",
    "set_printoptions",
    "use_deterministic_algorithms",
    "filterwarnings",
    "simplefilter",
    "set_float32_matmul_precision",
    "print",
)
_RANDOM = (
    "rand",
    "randn",
    "randint",
    "randperm",
    "rand_like",
    "randn_like",
    "randint_like",
    "bernoulli",
    "multinomial",
    "normal",
    "uniform_",
    "normal_",
    "bernoulli_",
)


def _calls(statement: Statement) -> Iterator[tuple[str, ast.Call]]:
    for node in statement.parts:
        if isinstance(node, ast.Call):
            yield last_name(node.func), node


def _has(call: ast.Call, *keywords: str) -> bool:
    return any(k.arg in keywords or k.arg is None for k in call.keywords)


def softmax_without_dim(s: Statement) -> bool:
    """``F.softmax(t)``, ``nn.Softmax()``: the axis is torch's guess."""
    for name, call in _calls(s):
        lowered = name.lower()
        if lowered not in ("softmax", "log_softmax", "logsoftmax", "softmin") or _has(call, "dim"):
            continue
        layer = name[:1].isupper()
        functional = isinstance(call.func, ast.Name) or last_name(
            getattr(call.func, "value", call.func)
        ) in ("F", "functional", "torch")
        if len(call.args) < (2 if functional and not layer else 1):
            return True
    return False


def softmax(s: Statement) -> bool:
    """Anything called softmax."""
    return any("softmax" in name.lower() for name, _ in _calls(s))


def sigmoid(s: Statement) -> bool:
    """Anything called sigmoid."""
    return any("sigmoid" in name.lower() for name, _ in _calls(s))


def hook(s: Statement) -> bool:
    """``register_forward_hook`` and its kin."""
    return any(name.startswith("register_") and name.endswith("_hook") for name, _ in _calls(s))


def attention_call(s: Statement) -> bool:
    """``scaled_dot_product_attention`` under its own name or an alias."""
    return any(name in ("scaled_dot_product_attention", "sdpa") for name, _ in _calls(s))


def dropout_always_on(s: Statement) -> bool:
    """``F.dropout`` without ``training=``, ``dropout_p`` that ignores ``self.training``."""
    for name, call in _calls(s):
        value = getattr(call.func, "value", None)
        functional = value is None or last_name(value) in ("F", "functional")
        if name.startswith("dropout") and functional and len(call.args) < 3:
            given = next((k.value for k in call.keywords if k.arg == "training"), None)
            if given is None or (isinstance(given, ast.Constant) and given.value is True):
                return True
        for keyword in call.keywords:
            if keyword.arg == "dropout_p" and not any(
                isinstance(n, ast.Attribute) and n.attr == "training"
                for n in ast.walk(keyword.value)
            ):
                return not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
    return False


def random_draw(s: Statement) -> bool:
    """A random tensor."""
    return any(name in _RANDOM for name, _ in _calls(s))


def cut(s: Statement) -> bool:
    """``.data``, ``.detach()``, ``.item()``, ``.numpy()``, ``.tolist()``, ``torch.tensor(t)``."""
    if any(isinstance(n, ast.Attribute) and n.attr == "data" for n in s.parts):
        return True
    return any(n in ("detach", "detach_", "item", "numpy", "tolist") for n, _ in _calls(s))


def hard_coded_device(s: Statement) -> bool:
    """``.cuda()``, ``device="cuda"``, ``.to("cuda")``."""
    if any(name == "cuda" for name, _ in _calls(s)):
        return True
    return any(
        isinstance(n, ast.Constant)
        and isinstance(n.value, str)
        and n.value.split(":")[0] in ("cuda", "cpu", "mps")
        for n in s.parts
    )


def in_place(s: Statement) -> bool:
    """``t.mul_()``, ``t += 1``, ``t[…] =``, ``inplace=True``, ``out=``."""
    if isinstance(s.node, ast.AugAssign):
        return True
    if any(isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) for n in s.parts):
        return True
    return any(
        (name.endswith("_") and not name.endswith("__")) or _has(call, "inplace", "out")
        for name, call in _calls(s)
    )


def reseeds(s: Statement) -> bool:
    """``torch.manual_seed`` and its kind."""
    return any(name in _SEEDS for name, _ in _calls(s))


def sets_global(s: Statement) -> bool:
    """A switch of the whole process."""
    return any(name in _GLOBALS for name, _ in _calls(s))


def no_grad(s: Statement) -> bool:
    """``with torch.no_grad():`` and its kind, as the head of a block."""
    return isinstance(s.node, (ast.With, ast.AsyncWith)) and any(
        name in ("no_grad", "inference_mode", "set_grad_enabled") for name, _ in _calls(s)
    )


def zero_initialisation(s: Statement) -> bool:
    """``nn.init.zeros_``, ``constant_(…, 0)``, ``fill_(0)``, ``Parameter(torch.zeros(…))``."""
    for name, call in _calls(s):
        if name in ("zeros_", "zero_") or (name == "zeros" and "Parameter" in s.calls):
            return True
        zero = any(isinstance(a, ast.Constant) and a.value in (0, 0.0) for a in call.args)
        if zero and name in ("constant_", "fill_", "full", "tensor", "Parameter"):
            return True
    return False


def layer_made(s: Statement) -> bool:
    """A layer of ``torch.nn`` (or any class) made here."""
    return any(name[:1].isupper() and name not in ("Tensor", "Size") for name, _ in _calls(s))


def literals(s: Statement) -> list[int]:
    """Return the whole numbers above 8 that stand in calls: sizes that someone typed."""
    return [
        n.value
        for _, call in _calls(s)
        for a in [*call.args, *(k.value for k in call.keywords)]
        for n in ast.walk(a)
        if isinstance(n, ast.Constant) and type(n.value) is int and n.value > 8
    ]


def first(statements: list[Statement], rule: Callable[[Statement], object]) -> Statement | None:
    """Return the first statement that a rule is true of."""
    return next((s for s in statements if rule(s)), None)
