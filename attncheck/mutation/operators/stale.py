"""An earlier tensor read in several later steps: a result that only some steps see."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from attncheck.mutation.definition import Definition, Site, rebuilt
from attncheck.mutation.operators import Operator, Rewrite

_MOST = 5
"""Uses of one tensor of which subsets are taken; beyond, only all but one."""
_PAIRS = 600
"""The longer a definition, the fewer of the names before are taken in its place."""


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """Replace two or more uses of a tensor by an earlier one, as in parallel branches."""
    uses: dict[str, list[Site]] = {}
    for site in definition.sites():
        node = site.node
        if isinstance(node, ast.Name) and node.id in site.names and node.id not in site.inputs:
            uses.setdefault(node.id, []).append(site)
    for name, sites in uses.items():
        known = sites[0].names
        for size in range(2, len(sites) + 1):
            if len(sites) > _MOST and size < len(sites) - 1:
                continue
            for chosen in itertools.combinations(sites, size):
                for other in known[: known.index(name)][-(_PAIRS // len(known)) :]:
                    yield _read_instead(definition, chosen, other)


def _read_instead(definition: Definition, sites: tuple[Site, ...], other: str) -> Rewrite:
    changes: dict[ast.stmt, dict[int, ast.AST]] = {}
    for site in sites:
        changes.setdefault(site.statement, {})[id(site.node)] = ast.Name(other, ast.Load())
    line = definition.first_line + next(iter(changes)).lineno - 1
    before = "\n".join(ast.unparse(s) for s in changes)
    after = "\n".join(ast.unparse(rebuilt(s, c)) for s, c in changes.items())
    return Rewrite(definition.replaced(changes), line, before, after)


OPERATOR = Operator(
    "earlier tensor",
    "read an earlier tensor in several steps, so that a result reaches only some of them",
    "m = mean_c(x_c); n = max_c(x_c) -> m = mean_c(x); n = max_c(x)",
    4,
    rewrites=_rewrites,
)
