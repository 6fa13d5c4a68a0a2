"""What the fork server imports once, so that each child starts in hundredths of a second.

Imported by the fork server alone, which says so by an environment variable.
"""

from __future__ import annotations

import contextlib
import importlib
import os

MARK = "ATTNCHECK_FORKSERVER"
EVERYTHING = "everything"


def _preload(wanted: str) -> None:
    from attncheck.execution.limits import adopt_orphans

    # The server outlives a command by a moment and must not hold its terminal or pipe open.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.close(null)
    adopt_orphans()
    with contextlib.suppress(Exception):  # a child tells what is wrong with torch
        import torch

        torch.set_num_threads(1)
        importlib.import_module("attncheck.execution.child")
        importlib.import_module("attncheck.auditing")
        from attncheck.probes import all_kinds, find_kind

        for kind in all_kinds():
            with contextlib.suppress(Exception):
                find_kind(kind)
        if wanted == EVERYTHING:  # what tensors on "meta" import, which takes as long as torch
            importlib.import_module("torch._dynamo")
            importlib.import_module("torch.fx.experimental.symbolic_shapes")


if _wanted := os.environ.pop(MARK, ""):
    _preload(_wanted)
