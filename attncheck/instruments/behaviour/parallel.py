"""A module trained by two processes, each on half of a batch, over gloo on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError, first_line
from attncheck.subject.trial import Tensors, Trial

PROCESSES = 2
_STEPS = 2
"""What a step left undone stops the next one."""
_SECONDS = 60.0
_TICK = 0.02
_PREFIX = "module."


class NotParallelError(Exception):
    """The processes came to no end; ``accused`` says whether the module is to blame."""

    def __init__(self, said: str, *, accused: bool) -> None:
        super().__init__(said)
        self.accused = accused


def unable() -> str:
    """Return why two processes cannot train here, "" where they can."""
    if not hasattr(os, "fork"):
        return "processes cannot be forked here"
    if not torch.distributed.is_available() or not torch.distributed.is_gloo_available():
        return "torch is built without gloo"
    return ""


def part_of(whole: Trial, inputs: Tensors, rank: int) -> tuple[Trial, Tensors]:
    """Return a process's part of a batch, and the trial on which it is called."""
    size = whole.dims["B"] // PROCESSES
    part = whole.with_case(dims={"B": size})
    cut = {
        name: t.narrow(whole.axes(name).index("B"), rank * size, size).contiguous()
        if "B" in whole.axes(name)
        else t
        for name, t in inputs.items()
    }
    return part, cut


def gradients_of(trial: Trial, module: torch.nn.Module, inputs: Tensors) -> Tensors:
    """Return the parameters' gradients of the loss of a batch: the sum over its samples.

    Raises:
        SubjectError: the module raises.
    """
    value = _loss(trial, module, inputs)
    if not value.requires_grad:
        return {}
    for parameter in module.parameters():
        parameter.grad = None
    value.backward()  # type: ignore[no-untyped-call]
    named = module.named_parameters()
    return {n.removeprefix(_PREFIX): p.grad for n, p in named if p.grad is not None}


def _loss(trial: Trial, module: torch.nn.Module, inputs: Tensors) -> torch.Tensor:
    """Return a loss of all outputs: a sum over samples, each sample's by the same weights."""
    found = trial.outputs(module, inputs)
    output = found.main
    at = trial.output_axes.index("B") if "B" in trial.output_axes else None
    shape = [1 if axis == at else size for axis, size in enumerate(output.shape)]
    source = torch.Generator().manual_seed(51_407)
    weights = torch.randn(shape, generator=source, dtype=torch.float64).to(output)
    others = [one.sum() for one in found.others if one.requires_grad]
    return (output * weights).sum() + sum(others)


def together(make: Callable[[], torch.nn.Module], whole: Trial, inputs: Tensors) -> Tensors:
    """Return the gradients that all processes agree on, times their number.

    Args:
        make: builds the module, alike in each process.
        whole: the case of the whole batch.
        inputs: of the whole batch.

    Raises:
        NotParallelError: a process raised, or none came to an end.
    """
    folder = tempfile.mkdtemp(prefix="attncheck-")
    children: list[int] = []
    try:
        for rank in range(PROCESSES):
            if (child := os.fork()) == 0:
                _train(rank, folder, make, whole, inputs)
            children.append(child)
        _await(children, folder)
        found = [torch.load(Path(folder) / f"{rank}.pt") for rank in range(PROCESSES)]
        first: Tensors = found[0]
        return {name: gradient * PROCESSES for name, gradient in first.items()}
    finally:
        for child in children:
            with suppress(OSError):
                os.kill(child, signal.SIGKILL)
            with suppress(OSError):
                os.waitpid(child, 0)
        shutil.rmtree(folder, ignore_errors=True)


def _await(children: list[int], folder: str) -> None:
    """Wait until every process has ended well.

    Raises:
        NotParallelError: one has not.
    """
    until, left = time.monotonic() + _SECONDS, list(children)
    while left and time.monotonic() < until:
        done = [child for child in left if os.waitpid(child, os.WNOHANG)[0]]
        for child in done:
            children.remove(child)
            left.remove(child)
        if said := [p.read_text() for p in sorted(Path(folder).glob("*.error"))]:
            own = [text for text in said if text.startswith("module: ")]
            text = (own or said)[0].partition(": ")[2]
            raise NotParallelError(text, accused=bool(own))
        time.sleep(_TICK)
    missing = [r for r in range(PROCESSES) if not (Path(folder) / f"{r}.pt").is_file()]
    if left or missing:
        raise NotParallelError("the processes came to no end", accused=False)


def _train(
    rank: int, folder: str, make: Callable[[], torch.nn.Module], whole: Trial, inputs: Tensors
) -> None:
    """Take some steps in a process of its own, and leave what came of it in the folder."""
    place = Path(folder) / str(rank)
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), 2)
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"
        group: Any = torch.distributed
        group.init_process_group(
            "gloo",
            store=group.FileStore(f"{folder}/store", PROCESSES),
            rank=rank,
            world_size=PROCESSES,
            timeout=timedelta(seconds=_SECONDS / 2),
        )
        part, own = part_of(whole, inputs, rank)
        try:
            model = torch.nn.parallel.DistributedDataParallel(make())
            for _ in range(_STEPS):
                found = gradients_of(part, model, own)
        except Exception as error:
            inner = error.error if isinstance(error, SubjectError) else error
            text = f"module: {type(inner).__name__}: {first_line(inner)}"
            place.with_suffix(".error").write_text(text)
            os._exit(1)
        torch.save(found, place.with_suffix(".pt"))
    except BaseException as error:
        place.with_suffix(".error").write_text(f"machine: {type(error).__name__}: {error}")
    finally:
        os._exit(0)
