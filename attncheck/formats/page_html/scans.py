"""What a scan found, as the page shows it: a table, and live models as maps to fold and search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import UnsetType

from attncheck.data.report import Report
from attncheck.data.scan import LiveModel, Scan, Unread
from attncheck.formats.shared.scans import ScanRow, headline, marks, rows


@dataclass
class MapNode:
    """A submodule on the map.

    Attributes:
        path: its dotted name.
        name: the last part of it.
        kind: its class.
        row: what is known of it; None where it holds no attention itself.
        link: the id of its audit on the page, "" without one.
        way: whether something below it holds an attention.
        below: its own submodules.
    """

    path: str
    name: str
    kind: str
    row: ScanRow | None = None
    link: str = ""
    way: bool = False
    below: list[MapNode] = field(default_factory=list)


@dataclass(frozen=True)
class ModelMap:
    """A live model: what it is, how it was called, and its submodules."""

    target: str
    inputs: list[str]
    count: int
    root: MapNode


@dataclass(frozen=True)
class ScanView:
    """The section of a scan; each row with the id of its audit on the page, "" without one."""

    headline: str
    rows: list[tuple[ScanRow, str]]
    unread: list[Unread]
    maps: list[ModelMap]


def scan_view(report: Report, ids: Mapping[int, str]) -> ScanView | None:
    """Return what the page says of a scan; None where the report is of none.

    Args:
        report: what was found.
        ids: of the subjects on the page, by their places in the report.
    """
    scan = report.scan
    if isinstance(scan, UnsetType):
        return None
    found = rows(report, scan)
    return ScanView(
        headline(scan, found),
        [(row, ids.get(row.subject, "")) for row in found],
        scan.unread,
        [_map(report, scan, model, ids) for model in scan.models if model.tree],
    )


def _map(report: Report, scan: Scan, model: LiveModel, ids: Mapping[int, str]) -> ModelMap:
    marked = marks(report, scan, model)
    root = MapNode("", "", dict(model.tree).get("", ""))
    known = {"": root}
    for path, kind in model.tree:
        if not path:
            continue
        above, _, name = path.rpartition(".")
        row = marked.get(path)
        node = MapNode(path, name, kind, row, ids.get(row.subject, "") if row else "")
        known[path] = node
        known.get(above, root).below.append(node)
        while row is not None and path:  # up to the root
            path = path.rpartition(".")[0]
            known.get(path, root).way = True
    return ModelMap(model.target, model.inputs, len(model.tree), root)
