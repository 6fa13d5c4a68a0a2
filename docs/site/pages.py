"""Every page of the site and where it stands in the navigation."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attncheck.catalogue.uses import uses
from attncheck.spec.shelf import CONTRACTS
from docs.site.claims import kind_page, kinds_index, limit_page, limits_index
from docs.site.errors import errors_page
from docs.site.interface import interface_page
from docs.site.markdown import plain, table, templates
from docs.site.mechanism import Known, mechanism_page
from docs.site.reach import diagrams
from docs.site.shelf import kinds, limits, specs

ROOT = Path(__file__).parents[2]
GUIDES = ("yolo", "vit", "language-model", "own-module", "faq")
COMMANDS = ("scan", "identify", "profile", "counting", "diff", "gate", "executor")
WRITTEN = {
    "verdict.md": "docs/verdict.md",
    **{f"guides/{name}.md": f"docs/guides/{name}.md" for name in GUIDES},
    **{f"{name}.md": f"docs/{name}.md" for name in (*COMMANDS, "trust", "found")},
    "architecture.md": "ARCHITECTURE.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
"""Pages that people wrote: their place in the site -> the file."""
_KINDS_OF_SPECS = {"map": "Feature maps", "tokens": "Tokens", "seq2seq": "Queries and keys"}
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])+)\]\(([^)\s]+)\)")


def pages(known: Known) -> dict[str, str]:
    """Return every page of the site, name -> Markdown; commands in them are not run yet."""
    found = {
        place: relinked((ROOT / file).read_text(encoding="utf-8"), file)
        for place, file in WRITTEN.items()
    }
    found["errors.md"] = errors_page()
    found["index.md"] = _home()
    found["mechanisms/index.md"] = _mechanisms()
    found |= {f"mechanisms/{name}.md": mechanism_page(name, known) for name in specs()}
    found["claims/index.md"] = _index(
        "claims", table(["claim kind", "what it says"], kinds_index())
    )
    found |= {f"claims/{name}.md": kind_page(name) for name in kinds()}
    columns = ["not for", "what it says", "uses that need it", "tried"]
    found["limits/index.md"] = _index("limits", table(columns, limits_index()) + _uses())
    found |= {f"limits/{limit}.md": limit_page(limit) for limit in limits()}
    found["python.md"] = interface_page()
    return found


def navigation() -> list[dict[str, Any]]:
    """Return the site's navigation, as mkdocs takes it."""
    by_family: dict[str, list[Any]] = {name: [] for name in _KINDS_OF_SPECS.values()}
    contracts = []
    for name, spec in specs().items():
        document = spec.document
        entry = {document.title: f"mechanisms/{name}.md"}
        if name in CONTRACTS:
            contracts.append(entry)
        else:
            family = document.family or "seq2seq"
            by_family[_KINDS_OF_SPECS[family]].append(entry)
    guides = [
        {_title(file): place} for place, file in WRITTEN.items() if place.startswith("guides/")
    ]
    return [
        {"attncheck": "index.md"},
        {"Guides": [{"How to read a verdict": "verdict.md"}, *guides]},
        {"Commands": [{_title(WRITTEN[f"{name}.md"]): f"{name}.md"} for name in COMMANDS]},
        {
            "Mechanisms": [
                "mechanisms/index.md",
                *({name: _sorted(entries)} for name, entries in by_family.items()),
                {"Contracts": contracts},
            ]
        },
        {"Claims": ["claims/index.md", *({name: f"claims/{name}.md"} for name in kinds())]},
        {"Limits": ["limits/index.md", *({name: f"limits/{name}.md"} for name in limits())]},
        {"Python": "python.md"},
        {"Trust": ["errors.md", "found.md", "trust.md"]},
        {
            "Project": [
                {"Changes": "changelog.md"},
                {"Contributing": "contributing.md"},
                {"Architecture": "architecture.md"},
            ]
        },
    ]


def _sorted(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(entries, key=lambda entry: next(iter(entry)).lower())


def _title(file: str) -> str:
    first = (ROOT / file).read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("# ").strip()


def relinked(text: str, file: str) -> str:
    """Return a written page with its links as they are in the site; what is no page is no link."""
    places = {written: place for place, written in WRITTEN.items()}
    here = next(place for place, written in WRITTEN.items() if written == file)

    def linked(found: re.Match[str]) -> str:
        said, target = found.groups()
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        path, anchor = (target.partition("#")[i] for i in (0, 2))
        there = places.get(posixpath.normpath(posixpath.join(posixpath.dirname(file), path)))
        if there is None:
            return _to_generated(said, path) or said
        made = posixpath.relpath(there, posixpath.dirname(here) or ".")
        return f"[{said}]({made}{'#' if anchor else ''}{anchor})"

    return _LINK.sub(linked, text)


def _to_generated(said: str, path: str) -> str:
    """Return a link to a generated page, which a written one names as the site has it."""
    generated = re.fullmatch(
        r"(?:\.\./)?((?:mechanisms|claims|limits)/[\w-]+\.md|(?:python|errors)\.md)", path
    )
    return f"[{said}]({path})" if generated else ""


def _home() -> str:
    drawn = [(name, spec.document.title, diagrams(spec)) for name, spec in specs().items()]
    gallery = [(name, title, found[0]) for name, title, found in drawn if found]
    return (
        templates()
        .get_template("home.md.j2")
        .render(mechanisms=len(specs()) - len(CONTRACTS), kinds=len(kinds()), gallery=gallery)
    )


def _mechanisms() -> str:
    parts = [
        "# Mechanisms { #top }",
        "Each has a definition from its paper's equations, which runs.",
    ]
    for family, heading in _KINDS_OF_SPECS.items():
        rows = [
            [f"[{plain(spec.document.title)}]({name}.md)", f"`{name}`", plain(spec.document.paper)]
            for name, spec in specs().items()
            if (spec.document.family or "seq2seq") == family and name not in CONTRACTS
        ]
        parts += [f"## {heading}", table(["mechanism", "spec", "paper"], rows)]
    rows = [
        [f"[{plain(specs()[name].document.title)}]({name}.md)", f"`{name}`"] for name in CONTRACTS
    ]
    parts += [
        "## Contracts",
        "What any module of a kind owes, whatever it computes.",
        table(["", "spec"], rows),
    ]
    return "\n\n".join(parts)


def _index(template: str, listed: str) -> str:
    return templates().get_template(f"{template}.md.j2").render(listed=listed)


def _uses() -> str:
    rows = [
        [f"`--for {use}`", ", ".join(f"[{limit}]({limit}.md)" for limit in limits)]
        for use, limits in uses().items()
    ]
    return "\n## What a module is wanted for\n\n" + table(["use", "limits that bind"], rows)


def anchors(page: str) -> Iterator[str]:
    """Yield the anchors of a page's headings and of its own elements."""
    fenceless = re.sub(r"^(```+|~~~+).*?^\1", "", page, flags=re.DOTALL | re.MULTILINE)
    for heading in re.findall(r"^#{1,6} (.+)$", fenceless, re.MULTILINE):
        given = re.search(r"\{ *#([\w-]+) *\}$", heading)
        words = re.sub(r"[^\w\s-]", "", re.sub(r"\\|`|<[^>]+>", "", heading)).strip().lower()
        yield given[1] if given else re.sub(r"[-\s]+", "-", words)
    yield from re.findall(r'\bid="([^"]+)"', page)
