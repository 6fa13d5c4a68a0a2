"""The classes of a Python file that may hold an attention, found by reading it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from attncheck.commands.scan.places import SourceFile
from attncheck.data.text_file import read_text
from attncheck.errors import AttncheckError
from attncheck.source.statements import last_name
from attncheck.spec.kinship import named_so

_MOST_BYTES = 4 * 2**20
_SOFTMAX = {"softmax", "Softmax", "Softmax2d", "softmax2d", "entmax15", "sparsemax"}
_PRODUCT = {"matmul", "bmm", "einsum", "baddbmm"}
_WHOLE = {
    *("scaled_dot_product_attention", "flex_attention", "memory_efficient_attention"),
    *("MultiheadAttention", "multi_head_attention_forward"),
    *("flash_attn_func", "flash_attn_qkvpacked_func", "flash_attn_varlen_func"),
}
_SQUASH = {"sigmoid", "Sigmoid", "hardsigmoid", "Hardsigmoid", "sigmoid_", "h_sigmoid", "hsigmoid"}
_TIMES = {"mul", "mul_", "multiply"}
_POOLED = {"mean", "amax", "std", "var", "logsumexp"}
_BUILDS = ("__init__", "reset_parameters", "init_weights", "_init_weights")


@dataclass(frozen=True)
class ClassRead:
    """A class as it is written.

    Attributes:
        name: with the classes around it, ``Outer.Inner``.
        line: of its ``class``.
        bases: the dotted texts of what it inherits from.
        words: last names of all that it calls or names, and ``@`` and ``*`` for these operators.
        forward: whether it has a ``forward`` of its own.
    """

    name: str
    line: int
    bases: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    forward: bool = False


@dataclass(frozen=True)
class FileRead:
    """The classes of one file; why there are none, where it cannot be read."""

    source: SourceFile
    classes: list[ClassRead] = field(default_factory=list)
    wrong: str = ""


@dataclass(frozen=True)
class Candidate:
    """A class that may hold an attention: by its operators (``kind``), or by its name."""

    source: SourceFile
    name: str
    line: int
    kind: str
    mechanism: str

    @property
    def target(self) -> str:
        """What to type to audit it."""
        return f"{self.source.prefix}:{self.name}"


def read_classes(source: SourceFile) -> FileRead:
    """Return the classes of a file; nothing of it is run."""
    try:
        tree = ast.parse(read_text(source.path, most=_MOST_BYTES))
        helpers = {
            node.name: _words(node)
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
        return FileRead(source, list(_classes(tree, "", helpers)))
    except AttncheckError as error:
        return FileRead(source, wrong=error.what)
    except SyntaxError as error:
        return FileRead(source, wrong=f"is no Python of this version (line {error.lineno})")
    except (ValueError, MemoryError, RecursionError) as error:
        return FileRead(source, wrong=f"cannot be read: {type(error).__name__}")


def candidates(files: Iterable[FileRead]) -> list[Candidate]:
    """Return what may hold an attention: a module with its operators, or with its name.

    What a class inherits counts, where the class that it inherits from was read too.
    """
    every = list(files)
    known: dict[str, ClassRead] = {}
    for file in every:
        for one in file.classes:
            known.setdefault(one.name.rpartition(".")[2], one)
    found = []
    for file in every:
        for one in file.classes:
            line_ = list(_lineage(one, known))
            kind = _kind(frozenset().union(*(each.words for each in line_)))
            mechanism = named_so(one.name, attends=bool(kind))
            if (kind or mechanism) and _is_module(line_):
                found.append(Candidate(file.source, one.name, one.line, kind, mechanism))
    return found


def _classes(node: ast.AST, outer: str, helpers: Mapping[str, set[str]]) -> Iterator[ClassRead]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            name = f"{outer}{child.name}"
            yield _class(child, name, helpers)
            yield from _classes(child, f"{name}.", helpers)
        elif isinstance(child, (ast.If, ast.Try)):
            yield from _classes(child, outer, helpers)


def _class(node: ast.ClassDef, name: str, helpers: Mapping[str, set[str]]) -> ClassRead:
    words: set[str] = set()
    for part in node.body:
        if not isinstance(part, ast.ClassDef):
            words |= _words(part)
    for helper in words & set(helpers):
        words |= helpers[helper]
    bases = tuple(ast.unparse(base) for base in node.bases)
    forward = any(isinstance(n, ast.FunctionDef) and n.name == "forward" for n in node.body)
    return ClassRead(name, node.lineno, bases, frozenset(words), forward)


def _words(node: ast.AST) -> set[str]:
    """Return what a piece of source names, and the products that it makes of values.

    A product in a constructor is one of sizes.
    """
    found: set[str] = set()
    builds = isinstance(node, ast.FunctionDef) and node.name in _BUILDS
    for one in ast.walk(node):
        if isinstance(one, (ast.Name, ast.Attribute)):
            found.add(last_name(one))
        elif isinstance(one, (ast.BinOp, ast.AugAssign)):
            if isinstance(one.op, ast.MatMult):
                found.add("@")
            elif isinstance(one.op, ast.Mult) and not builds:
                found.add("*")
    return found


def _kind(words: frozenset[str]) -> str:
    """Return what operators make of a class: ``attention``, ``gate``, or ""."""
    products = words & (_PRODUCT | {"@"})
    if words & _WHOLE or (words & _SOFTMAX and products):
        return "attention"
    pooled = words & _POOLED or any("pool" in word.lower() for word in words)
    times = words & (_TIMES | {"*"})
    return "gate" if pooled and times and words & (_SQUASH | _SOFTMAX) else ""


def _lineage(one: ClassRead, known: Mapping[str, ClassRead]) -> Iterator[ClassRead]:
    """Yield a class and what it inherits from, as far as it was read."""
    waiting, seen = [one], set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        names = (base.rpartition(".")[2] for base in current.bases)
        waiting += [known[name] for name in names if name in known]


def _is_module(line_: Iterable[ClassRead]) -> bool:
    """Say whether a class with these ancestors is called like a module."""
    bases = {base for one in line_ for base in one.bases}
    if not bases or any(base.endswith("Function") for base in bases):
        return False
    return any(one.forward for one in line_) or any(b.startswith(_LIBRARY) for b in bases - _BARE)


_LIBRARY = ("nn.", "torch.nn.")
_BARE = {"nn.Module", "torch.nn.Module"}
