"""What is timed beside a module: its spec's reference, or a fixed small workload."""

from __future__ import annotations

import msgspec

from attncheck.profiling.calling import Ready, ready
from attncheck.profiling.measure import RowAsked
from attncheck.subject import Subject
from attncheck.target.preparing import Request, prepare
from attncheck.target.raising import SubjectError
from attncheck.timing.sampling import Source
from attncheck.timing.workload import NAME, workload


def reference_of(
    subject: Subject, made: Ready, row: RowAsked, device: str, mode: str
) -> tuple[str, Source]:
    """Return name and source of the calls that are timed in turns with the module's.

    Where the subject is the reference itself, or there is none that takes this very call, it is
    the fixed workload. The choice depends on the subject and the point alone, never on times.
    """
    document = subject.spec
    own = not document.reference or document.reference == subject.target
    if not own:
        try:
            other = _reference(subject, made, row, device, train=mode == "backward")
            return "reference", other.backward if mode == "backward" else other.forward
        except (SubjectError, RuntimeError):
            pass
    call = workload(device)
    return NAME, lambda: call


def _reference(subject: Subject, made: Ready, row: RowAsked, device: str, *, train: bool) -> Ready:
    document = subject.spec
    other, failure = prepare(
        document,
        Request("reference", document.reference, arguments=document.reference_arguments),
    )
    if failure is not None:
        raise failure
    dims = made.trial.dims
    same = {name: size for name, size in dims.items() if name in other.variable}
    sizes = other.dims_with(**same)
    plain = msgspec.structs.replace(row, compile=False)
    found = ready(other, sizes, plain, device, train=train)
    if found.trial.sizes(found.trial.axes()) != made.trial.sizes(made.trial.axes()):
        raise SubjectError(ValueError("the reference takes another call"), "forward")
    return found
