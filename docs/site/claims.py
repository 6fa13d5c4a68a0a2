"""The pages of claim kinds and of limits of use, from what each kind says of itself."""

from __future__ import annotations

from collections.abc import Iterator

from attncheck.catalogue.kinds import Parameter, chapters, parameters, summary
from attncheck.catalogue.words import stated
from attncheck.subject.claim import Claim
from docs.site.faults import Fault, faults
from docs.site.markdown import code, plain, templates
from docs.site.shelf import kinds, own, specs


def body(kind: type[Claim], level: int = 2) -> str:
    """Return what a kind says of itself as Markdown."""
    parts = []
    for heading, paragraphs in chapters(kind):
        parts += [f"{'#' * level} {heading}"] if heading else []
        parts += [paragraph.replace("``", "`") for paragraph in paragraphs]
    return "\n\n".join(parts)


def kind_page(name: str) -> str:
    """Return the page of a claim kind as Markdown."""
    kind = kinds()[name]
    its_own = [_parameter(p) for p in parameters(kind) if not p.common]
    common = [_parameter(p) for p in parameters(kind) if p.common]
    return (
        templates()
        .get_template("claim.md.j2")
        .render(
            kind=kind,
            body=body(kind),
            parameters=[("Parameters", its_own), ("Of every claim", common)],
            faults=broken_by(name),
            claimed=[
                [f"[{spec}](../mechanisms/{spec}.md)", plain(claim), code(", ".join(stated(made)))]
                for spec, claim, made in _claimed(name)
            ],
        )
    )


def _claimed(kind: str) -> Iterator[tuple[str, str, Claim]]:
    """Yield spec, name and claim of every claim of a kind that a spec's own file makes."""
    for spec, found in specs().items():
        for claim, made in found.claims.items():
            if made.kind == kind and claim in own()[spec].claims:
                yield spec, claim, made


def broken_by(name: str) -> list[Fault]:
    """Return the faulty modules that break a claim of this kind."""
    return [
        fault
        for spec, found in faults().items()
        for fault in found
        if (claim := specs()[spec].claims.get(fault.claim)) is not None and claim.kind == name
    ]


def _parameter(parameter: Parameter) -> list[str]:
    said = [f"`{parameter.name}`", plain(parameter.type), code(parameter.default)]
    return [*said, plain(parameter.meaning)]


def limit_page(limit: str) -> str:
    """Return the page of a limit of use as Markdown."""
    speak = {name: kind for name, kind in kinds().items() if kind.limit == limit}
    return (
        templates()
        .get_template("limit.md.j2")
        .render(
            limit=limit,
            uses=sorted({use for kind in speak.values() for use in kind.uses}),
            dear=any(kind.dear for kind in speak.values()),
            kinds=[(name, body(kind)) for name, kind in speak.items()],
            waived=list(_waived(limit)),
        )
    )


def _waived(limit: str) -> Iterator[list[str]]:
    for name, document in own().items():
        for claim, why in document.waives.items():
            if specs()[name].claims[claim].limit == limit:
                yield [f"[{name}](../mechanisms/{name}.md)", plain(claim), plain(why)]


def kinds_index() -> list[list[str]]:
    """Return every claim kind with its first sentence, linked from the folder of claims."""
    return [[f"[{name}]({name}.md)", plain(summary(kind))] for name, kind in kinds().items()]


def limits_index() -> list[list[str]]:
    """Return every limit with the uses that need it and what it says, linked from its folder."""
    rows: dict[str, list[str]] = {}
    for kind in kinds().values():
        if kind.limit:
            uses = ", ".join(f"`{use}`" for use in kind.uses)
            dear = "when asked" if kind.dear else "always"
            rows[kind.limit] = [
                f"[{kind.limit}]({kind.limit}.md)",
                plain(summary(kind)),
                uses,
                dear,
            ]
    return [rows[limit] for limit in sorted(rows)]
