"""The page of a mechanism, from its spec, its reference, the tests' evidence and the baseline."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from attncheck.catalogue import Spec
from attncheck.catalogue.kinds import in_toml, summary
from attncheck.catalogue.words import stated
from attncheck.commands.figures.compare import RowCompared
from attncheck.commands.figures.page import said, shown
from attncheck.data.report import SubjectReport
from attncheck.reference.mechanism import Mechanism
from attncheck.spec import SpecDocument
from docs.site.costs import costs
from docs.site.definition import equations, glossary, learned
from docs.site.faults import faults, mistakes
from docs.site.markdown import code, plain, templates
from docs.site.reach import diagrams
from docs.site.shelf import own, specs

_PLACES = "filled: the inputs that one output may depend on; the dot: the output's own place"
_PAIRS = "rows: outputs, columns: inputs; filled: what an output may depend on"
_NOTE = (
    "The reference, `{}`, step by step: what is learned is coloured, ⊙ multiplies entry by entry, "
    "and an index below a name is part of the name."
)


@dataclass(frozen=True)
class Known:
    """What was found out beside the specs themselves.

    Attributes:
        figures: rows of published tables, built and counted.
        audited: what the committed baseline says of each listed subject.
        mistakes: whether the definitions' mutants are shown, which take most of the time.
    """

    figures: list[RowCompared] = field(default_factory=list)
    audited: list[SubjectReport] = field(default_factory=list)
    mistakes: bool = True


def reference_of(document: SpecDocument) -> Mechanism | None:
    """Return the executable definition, None of a family's contract."""
    module, _, name = document.reference.partition(":")
    return getattr(importlib.import_module(module), name) if module else None


def mechanism_page(name: str, known: Known) -> str:
    """Return the page of a spec as Markdown."""
    spec, its_own = specs()[name], own()[name]
    document, mechanism = spec.document, reference_of(spec.document)
    drawn = diagrams(spec)
    inherited = [n for n in spec.claims if n not in {*its_own.claims, *its_own.waives}]
    cost_columns, cost_rows = costs(spec)
    return (
        templates()
        .get_template("mechanism.md.j2")
        .render(
            document=document,
            facts=list(_facts(document)),
            diagrams=drawn,
            legend=_PLACES if "H" in document.dims else _PAIRS,
            note=_NOTE.format(document.reference),
            equations=equations(mechanism) if mechanism else "",
            learned=learned(mechanism) if mechanism else [],
            glossary=[[name, plain(said)] for name, said in glossary(mechanism)]
            if mechanism
            else [],
            calls=list(_calls(document)),
            dims=list(_dims(document)),
            options=[
                [f"`{n}`", code(", ".join(map(in_toml, v)))] for n, v in document.options.items()
            ],
            choices=[
                [plain(one.change), code(one.step or one.option), plain(one.source)]
                for one in document.choices
            ],
            claims=list(_claims(spec, its_own.claims)),
            inherited=list(_claims(spec, inherited)) if its_own.family else [],
            exceptions=[
                ("Advice only: the definition itself breaks them", _pairs(its_own.waives)),
                ("Left out: they say nothing of this mechanism", _pairs(its_own.drops)),
                ("Not testable", _pairs(its_own.untestable)),
            ],
            known_faults=its_own.known_faults,
            faults=faults().get(name, []),
            mistakes=list(_mistakes(mechanism)) if mechanism and known.mistakes else [],
            cost_columns=cost_columns,
            costs=cost_rows,
            figures=_figures(row for row in known.figures if name in row.specs),
            subjects=list(_subjects(document, known)),
            class_name="".join(part.capitalize() for part in re.split(r"[\W_]+", name)),
        )
    )


def _facts(document: SpecDocument) -> Iterator[tuple[str, str]]:
    yield "spec", code(document.id)
    if document.paper:
        yield "paper", _paper(document.paper)
    if document.family:
        yield "family", f'<a href="{document.family}.html">{document.family}</a>'
    if document.specialises:
        others = (f'<a href="{one}.html">{one}</a>' for one in document.specialises)
        yield "a case of", ", ".join(others)
    if document.aliases:
        yield "also called", ", ".join(map(code, document.aliases))


def _paper(paper: str) -> str:
    kind, _, number = paper.partition(":")
    address = {"arXiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}.get(kind)
    if address:
        return f'<a href="{address}{number}">{paper}</a>'
    return f'<a href="https://{paper}">{paper}</a>' if re.match(r"[\w.]+/", paper) else paper


def _axes(text: str) -> str:
    return f"({', '.join(text.split())})" if text else "a number"


def _calls(document: SpecDocument) -> Iterator[list[str]]:
    for name, inputs in document.calls.items():
        given_ = [f"{key} {_axes(axes)}" for key, axes in inputs.items() if key != "returns"]
        yield [
            plain(name),
            code(", ".join(given_)),
            code(_axes(inputs.get("returns", document.output))),
        ]


def _dims(document: SpecDocument) -> Iterator[list[str]]:
    said_ = dict(document.domain)
    for name, value in document.dims.items():
        yield [f"`{name}`", code(value), code(said_.pop(name, ""))]
    for name, condition in said_.items():
        yield [plain(name), "", code(condition)]


def _claims(spec: Spec, names: Iterable[str]) -> Iterator[list[str]]:
    for name in names:
        claim = spec.claims[name]
        linked = f"[{plain(name)}](../claims/{claim.kind}.md)"
        advice = " *Advice.*" if claim.advice else ""
        why = f"<small>{plain(claim.why)}</small>" if claim.why else ""
        parts = [plain(summary(type(claim))) + advice, code(", ".join(stated(claim))), why]
        yield [linked, "<br>".join(filter(None, parts))]


def _pairs(table: dict[str, str]) -> list[list[str]]:
    return [[plain(name), plain(reason)] for name, reason in table.items()]


def _mistakes(mechanism: Mechanism) -> Iterator[list[str]]:
    for mutant in mistakes(mechanism):
        before, after = (
            "<br>".join(map(code, side.splitlines())) for side in (mutant.before, mutant.after)
        )
        yield [plain(mutant.mistake), before, after]


def _figures(rows: Iterable[RowCompared]) -> dict[str, list[list[str]]]:
    """Return source -> the rows of its table: network, figures as printed and as counted."""
    found: dict[str, list[list[str]]] = {}
    for row in rows:
        cells = [
            f"{plain(row.mechanism)}, {plain(row.backbone)}<br><small>{plain(said(row))}</small>"
        ]
        for printed, part in zip(row.printed, (row.params, row.flops), strict=True):
            cells += [printed, shown(part) if part else ""]
        found.setdefault(plain(row.source), []).append(cells)
    return found


def _subjects(document: SpecDocument, known: Known) -> Iterator[list[str]]:
    found = {one.subject: one for one in known.audited if one.spec == document.id}
    targets = {"reference": (document.reference, "our definition")} if document.reference else {}
    targets |= {name: (entry.target, entry.note) for name, entry in document.subjects.items()}
    for name, (target, note) in targets.items():
        report = found.get(name)
        broken = [finding.claim for finding in report.findings if finding.counts] if report else []
        told = f"{report.verdict.value}: {', '.join(broken)}" if broken and report else ""
        yield [
            plain(name),
            code(target),
            plain(told or (report.verdict.value if report else "")),
            plain(note),
        ]
