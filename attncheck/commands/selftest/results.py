"""The kill table of one spec, as data."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from attncheck.commands.selftest.judge import ACCUSING

SCHEMA = "attncheck.selftest/1"


class MutantRow(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One distinct mutant, and what an audit says of it.

    ``claims``, ``equivalence`` and ``note`` are those of ``judging.Noticed``; ``crashed`` says
    how the process ended, if it did.
    """

    index: int
    operator: str = ""
    diff: list[str] = []
    line: int = 0
    setting: str = ""
    claims: list[str] = []
    equivalence: str = ""
    note: str = ""
    crashed: str = ""
    seconds: float = 0.0

    @property
    def by_claims(self) -> bool:
        """Whether a claim other than equivalence notices."""
        return bool(self.claims or self.crashed)

    @property
    def killed(self) -> bool:
        """Whether an audit with equivalence accuses it."""
        return self.by_claims or self.equivalence in ACCUSING

    @property
    def passes(self) -> bool:
        """Whether an audit calls it equal, though it is not: exit status 0, and no change named."""
        return self.equivalence == "called equal" and not self.by_claims

    @property
    def allowed(self) -> bool:
        """Whether it is the mechanism, under another option, layout or name that is left open, or
        after a change that a designer may make.
        """
        return self.equivalence in ("allowed", "variant") and not self.by_claims


class KillTable(msgspec.Struct, kw_only=True):
    """One spec's mutants, counted.

    Attributes:
        made: all; ``invalid`` raise, ``equivalent`` compute the definition, ``alike`` compute
            what another mutant computes, ``distinct`` are left.
        tried: distinct ones that were audited; the others are ``untried``, by sample or by time.
        allowed: tried ones that are the mechanism under another option, layout or name, or after a
            design change.
        passed: tried ones that are called equal, and are not.
        killed, by_claims: accused with equivalence, and with the other claims alone.
        first: claim -> mutants that it noticed first.
        counts: number of claims that noticed -> mutants; only where all claims are tried.
        rows: every mutant that was tried.
        problem: why nothing could be done, if so.
    """

    spec: str
    made: int = 0
    invalid: int = 0
    equivalent: int = 0
    alike: int = 0
    distinct: int = 0
    tried: int = 0
    untried: int = 0
    out_of_time: int = 0
    allowed: int = 0
    passed: int = 0
    killed: int = 0
    by_claims: int = 0
    first: dict[str, int] = {}
    by_equivalence: dict[str, int] = {}
    counts: dict[str, int] = {}
    rows: list[MutantRow] = []
    problem: str = ""

    @property
    def counted(self) -> int:
        """Mutants that an audit should accuse, of those that were tried."""
        return self.tried - self.allowed

    def count(self, rows: list[MutantRow]) -> None:
        """Fill in the figures from the mutants that were tried."""
        self.rows = sorted(rows, key=lambda row: row.index)
        self.tried = len(rows)
        self.allowed = sum(row.allowed for row in rows)
        self.passed = sum(row.passes for row in rows)
        counted = [row for row in rows if not row.allowed]
        self.killed = sum(row.killed for row in counted)
        self.by_claims = sum(row.by_claims for row in counted)
        first = Counter(row.claims[0] for row in counted if row.claims)
        first.update("crash" for row in counted if row.crashed)
        self.first = dict(first.most_common())
        self.by_equivalence = dict(Counter(row.equivalence for row in rows).most_common())
        self.counts = {
            str(n): k for n, k in sorted(Counter(len(row.claims) for row in counted).items())
        }


class SelfTest(msgspec.Struct, kw_only=True):
    """What the probes notice, spec by spec."""

    schema: str = SCHEMA
    environment: dict[str, Any]
    full: bool
    tables: list[KillTable]
    partial: bool = False

    @property
    def rate(self) -> float:
        """The share of mutants accused with equivalence, over all specs."""
        return self._share("killed")

    @property
    def rate_of_claims(self) -> float:
        """The share of mutants accused by the claims alone."""
        return self._share("by_claims")

    def _share(self, name: str) -> float:
        counted = sum(table.counted for table in self.tables)
        return sum(getattr(t, name) for t in self.tables) / counted if counted else 1.0
