"""Print, as JSON, the peak of references by our measure and by the trace that is preloaded.

LD_PRELOAD=trace.so python -m tests.instruments.peaks se:16 pam:32
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Callable

import torch

from attncheck.catalogue import load
from attncheck.commands.profile.point import dims_of_row, ready
from attncheck.commands.profile.wanted import Measure, RowAsked
from attncheck.instruments.memory import peak_of
from attncheck.subject.prepare import Request, prepare

_TRACE = ctypes.CDLL(None)
_TRACE.trace_begin.restype = _TRACE.trace_peak.restype = ctypes.c_long


def traced(call: Callable[[], object]) -> int:
    """Return the bytes above what was there when the call began, of all that malloc gave."""
    begin = _TRACE.trace_begin()
    call()
    return int(_TRACE.trace_peak() - begin)


def peaks(name: str, size: int) -> dict[str, int]:
    """Return both measures, forward and forward with backward."""
    document = load(name).document
    request = Request("r", document.reference, arguments=document.reference_arguments)
    subject = prepare(document, request)[0]
    row = RowAsked(size=size, batch=2)
    dims = dims_of_row(subject, Measure(), row)
    infer = ready(subject, dims, row, "cpu").infer
    step = ready(subject, dims, row, "cpu", train=True).step
    found = {}
    for what, call in (("forward", infer), ("backward", step)):
        call()
        found[what] = peak_of(call)
        found[f"{what} traced"] = traced(call)
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    pairs = [word.split(":") for word in sys.argv[1:]]
    print(json.dumps({name: peaks(name, int(size)) for name, size in pairs}))
