"""Make every mutant of a reference: each operator at each site and at all that read alike."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from attncheck.mutation.definition import Definition, Site, rebuilt
from attncheck.mutation.mutant import Mutant
from attncheck.mutation.operators import Operator, all_operators

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism


@lru_cache(maxsize=32)
def mutants_of(mechanism: Mechanism) -> tuple[Mutant, ...]:
    """Return the mutants of a reference, most telling operators first, no edit twice."""
    definition = Definition(mechanism)
    seen: set[tuple[int, str]] = set()
    found: list[Mutant] = []
    for operator in sorted(all_operators(), key=lambda o: o.rank):
        for mutant in mutants_by(definition, operator):
            if mutant.before != mutant.after and (mutant.line, mutant.after) not in seen:
                seen.add((mutant.line, mutant.after))
                found.append(mutant)
    return tuple(found)


def mutants_by(definition: Definition, operator: Operator) -> Iterator[Mutant]:
    """Yield what one operator makes of a definition, each when it is asked for."""
    if operator.rewrites is not None:
        for rewrite in operator.rewrites(definition):
            yield Mutant(
                definition,
                partial(_given, rewrite.tree),
                operator.name,
                operator.mistake,
                operator.rank,
                rewrite.line,
                rewrite.before,
                rewrite.after,
            )
    if operator.edits is None:
        return
    alike: dict[tuple[str, int], list[tuple[Site, ast.expr]]] = {}
    for site in definition.sites():
        pattern = ""
        for index, new in enumerate(operator.edits(site)):
            yield _mutant(definition, operator, [(site, new)])
            pattern = pattern or _pattern(site.node)
            alike.setdefault((pattern, index), []).append((site, new))
    for group in alike.values():
        if len(group) > 1:
            yield _mutant(definition, operator, group)


def _given(tree: ast.FunctionDef) -> ast.FunctionDef:
    return tree


def _mutant(
    definition: Definition, operator: Operator, edits: list[tuple[Site, ast.expr]]
) -> Mutant:
    sites: dict[ast.stmt, dict[int, ast.AST]] = {}
    for site, new in edits:
        sites.setdefault(site.statement, {})[id(site.node)] = new
    return Mutant(
        definition,
        partial(definition.replaced, sites),
        operator.name,
        operator.mistake,
        operator.rank,
        definition.first_line + next(iter(sites)).lineno - 1,
        "\n".join(ast.unparse(s) for s in sites),
        "\n".join(ast.unparse(rebuilt(s, changes)) for s, changes in sites.items()),
    )


def _pattern(node: ast.expr) -> str:
    """Return the expression with every name of a tensor or slot made the same."""

    class Anonymous(ast.NodeTransformer):
        def visit_Call(self, call: ast.Call) -> ast.AST:
            call.args = [self.visit(a) for a in call.args]
            if isinstance(call.func, ast.Attribute):
                call.func.value = self.visit(call.func.value)
            return call

        def visit_Attribute(self, attribute: ast.Attribute) -> ast.AST:
            is_slot = isinstance(attribute.value, ast.Name) and attribute.value.id == "p"
            return ast.Name("_", ast.Load()) if is_slot else self.generic_visit(attribute)

        def visit_Name(self, name: ast.Name) -> ast.AST:
            return ast.Name("_", ast.Load())

    return ast.unparse(Anonymous().visit(copy.deepcopy(node)))
