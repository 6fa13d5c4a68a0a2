"""attncheck holds PyTorch attention modules against what their papers say must be true.

    import attncheck

    report = attncheck.audit(MyAttention, "se", init={"channels": 64})

What it offers is loaded when it is first used; importing it imports no torch.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # typing's own name, without the import: `python -m` looks here first
if TYPE_CHECKING:
    from attncheck.api import (
        audit,
        compare,
        count,
        identify,
        read_report,
        scan,
    )
    from attncheck.commands.shown import ShownComparison, ShownCount, ShownReport
    from attncheck.data.report import (
        Finding,
        Location,
        Problem,
        Report,
        Status,
        SubjectReport,
        Verdict,
        Witness,
    )
    from attncheck.errors import (
        AttncheckError,
        DeviceError,
        OutputError,
        SpecError,
        TargetError,
        UsageError,
    )

__version__ = "0.1.0"

__all__ = [
    "AttncheckError",
    "DeviceError",
    "Finding",
    "Location",
    "OutputError",
    "Problem",
    "Report",
    "ShownComparison",
    "ShownCount",
    "ShownReport",
    "SpecError",
    "Status",
    "SubjectReport",
    "TargetError",
    "UsageError",
    "Verdict",
    "Witness",
    "audit",
    "compare",
    "count",
    "identify",
    "read_report",
    "scan",
]

_HOMES = ("attncheck.errors", "attncheck.data.report", "attncheck.commands.shown", "attncheck.api")


def __getattr__(name: str) -> object:
    if name in __all__:
        for home in _HOMES:
            if hasattr(module := importlib.import_module(home), name):
                found: object = getattr(module, name)
                return found
    raise AttributeError(f"module 'attncheck' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
