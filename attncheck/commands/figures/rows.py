"""Published figures as data: tables of rows in ``attncheck/published/figures/*.toml``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from attncheck.errors import SpecError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parents[2] / "published" / "figures"

Status = Literal["read", "recalled"]
"""``read`` was seen in the source; ``recalled`` is from memory and proves nothing by itself."""


class Placement(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One attention and the places that it goes to."""

    spec: str
    """Id of a spec of the catalogue; its reference is what is inserted."""
    at: tuple[str, ...] = ("*/residual",)
    """Names of the host's places, as globs; see the host's file."""
    dims: dict[str, int | str] = {}
    """Dims of the reference; a formula may name C, the channels found at the place."""
    options: dict[str, Any] = {}
    """Options of the reference that differ from its own."""


class Build(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How a row's network is built."""

    host: str
    settings: dict[str, Any] = {}
    parts: tuple[Placement, ...] = ()


class PublishedRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One line of a published table; what it leaves empty is said once by its table.

    Attributes:
        mechanism: as the source names it; "none" for a plain backbone.
        backbone: as the source names it.
        params: as printed, in the table's millions; "" where it says none.
        flops: as printed, in the table's unit; "" where it says none.
        memory: as printed; never counted.
        build: how it is built; None where ``why_not`` says why it is not.
        spec: id of the spec that the row is about, where nothing is built.
        why_not: why the row is not built, or not all of its figures are compared.
        note: what people should know.
    """

    mechanism: str
    backbone: str
    params: str = ""
    flops: str = ""
    memory: str = ""
    build: Build | None = None
    spec: str = ""
    why_not: str = ""
    note: str = ""
    input: tuple[tuple[int, ...], ...] | None = None
    million: float | None = None
    flops_unit: float | None = None
    counter: str | None = None
    pools: bool | None = None


class TableFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One published table.

    Attributes:
        source: where it is printed.
        status: ``read`` or ``recalled``.
        rows: its lines.
        input: shapes of the inputs of its networks.
        million: what its M stands for: 1e6, or 2^20 = 1048576.
        flops_unit: what one unit of its FLOPs column stands for, in operations.
        per_mac: operations per multiply-add that it counts.
        counter: which operators its counter sees; a name of
        ``attncheck.commands.figures.counters``. pools: whether its attentions pool by layers, which
        its counter can see. folded: whether BatchNorms are folded into the convolutions before they
        are counted. units: the conventions in words.
    """

    source: str
    status: Status
    rows: list[PublishedRow]
    input: tuple[tuple[int, ...], ...] = ((1, 3, 224, 224),)
    million: float = 1e6
    flops_unit: float = 1e9
    per_mac: int = 1
    counter: str = "contractions"
    pools: bool = False
    folded: bool = False
    units: str = ""


class Published(msgspec.Struct, frozen=True):
    """A row with its table's conventions filled in; ``id`` is ``table/number``."""

    id: str
    table: TableFile
    row: PublishedRow

    @property
    def input(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the inputs."""
        return self.row.input or self.table.input

    @property
    def million(self) -> float:
        """What one unit of the column of parameters stands for."""
        return self.row.million or self.table.million

    @property
    def flops_unit(self) -> float:
        """What one unit of the FLOPs column stands for."""
        return self.row.flops_unit or self.table.flops_unit

    @property
    def counter(self) -> str:
        """The name of the source's counter."""
        return self.row.counter or self.table.counter

    @property
    def pools(self) -> bool:
        """Whether the source's attention pools by a layer."""
        return self.table.pools if self.row.pools is None else self.row.pools

    @property
    def specs(self) -> list[str]:
        """Ids of the specs whose references it needs."""
        parts = self.row.build.parts if self.row.build else ()
        named = [*(part.spec for part in parts), *([self.row.spec] if self.row.spec else ())]
        return list(dict.fromkeys(named))


@lru_cache(maxsize=1)
def published() -> tuple[Published, ...]:
    """Return every published row, in the order of the files."""
    return tuple(row for path in sorted(FOLDER.glob("*.toml")) for row in read(path))


def read(path: Path) -> Iterator[Published]:
    """Yield the rows of one table's file.

    Raises:
        SpecError: the file is no such table.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        table = msgspec.convert(raw, TableFile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SpecError(f"not a table of figures: {error}", where=str(path)) from None
    for number, row in enumerate(table.rows, 1):
        yield Published(f"{path.stem}/{number}", table, row)
