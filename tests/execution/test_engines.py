"""Work sent to an engine: the same results, whatever becomes of its workers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from importlib.metadata import EntryPoint
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
import pytest

from attncheck.auditing.request import Asked
from attncheck.auditing.select import select
from attncheck.errors import AttncheckError, UsageError
from attncheck.execution import elsewhere, engines
from attncheck.execution.cache import ResultCache
from attncheck.execution.cached import run_known
from attncheck.execution.elsewhere import Returned, Sent, run_json
from attncheck.execution.engines import Engine, engine_names, engine_of
from attncheck.execution.limits import Limits
from attncheck.execution.scheduling import run_all
from tests.cli.command import FINE, attncheck, spec_with
from tests.execution.test_task import Numbers, Square, Squaring


class Deadly(Squaring):
    """Takes its worker down where its target says so: once where that is a file's name."""

    @classmethod
    def of(cls, question: Any) -> Any:
        target = Path(question.target)
        if target.name == "always" or (target.name == "once" and not target.exists()):
            target.touch()
            os._exit(9)
        return cls(question)

    def files(self) -> list[str]:
        return []


class Here(Executor):
    """Does at once what it is given, or raises what it is told to."""

    def __init__(self, do: Callable[[Callable[[bytes], bytes], bytes], bytes]) -> None:
        self.do = do

    def submit(self, work: Any, /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(self.do(work, *given))
        except Exception as error:
            future.set_exception(error)
        return future


def here(do: Callable[[Callable[[bytes], bytes], bytes], bytes]) -> Engine:
    return Engine("here", lambda address, workers: Here(do))


def numbers(*steps: str, target: str = "numbers") -> Squaring:
    return Squaring(Numbers(list(steps), target))


@pytest.fixture
def pool() -> Iterator[Engine]:
    context = get_context("spawn")
    engine = Engine("pool", lambda address, workers: ProcessPoolExecutor(2, mp_context=context))
    yield engine
    engine.close()


def test_a_job_whose_worker_is_lost_is_sent_again() -> None:
    asked: list[bytes] = []

    def loses_the_first(work: Callable[[bytes], bytes], sent: bytes) -> bytes:
        asked.append(sent)
        if len(asked) == 1:
            raise ConnectionResetError("the worker is gone")
        return work(sent)

    results, interrupted = run_all(
        [numbers("2"), numbers("3")], Limits(), engine=here(loses_the_first)
    )
    assert [one.answers for one in results] == [{"2": Square(4)}, {"3": Square(9)}]
    assert len(asked) == 3
    assert not interrupted


def test_a_worker_that_is_killed_breaks_the_pool_and_costs_no_result(
    pool: Engine, tmp_path: Path
) -> None:
    tasks = [numbers("2"), Deadly(Numbers(["3"], str(tmp_path / "once"))), numbers("4")]
    results, _ = run_all(tasks, Limits(), engine=pool)
    assert [[*one.answers.values()] for one in results] == [[Square(4)], [Square(9)], [Square(16)]]


def test_what_takes_down_every_worker_is_refused_and_costs_no_other_its_result(
    pool: Engine, tmp_path: Path
) -> None:
    tasks = [numbers("2"), Deadly(Numbers(["3"], str(tmp_path / "always"))), numbers("4")]
    results, _ = run_all(tasks, Limits(), engine=pool)
    assert results[0].answers == {"2": Square(4)}
    assert results[2].answers == {"4": Square(16)}
    refused = results[1].refused
    assert refused is not None
    assert "lost 3 times, at last alone: BrokenProcessPool" in refused.what
    assert "without --executor" in refused.instead


def test_an_engine_that_is_gone_for_good_costs_only_what_is_not_there_yet() -> None:
    opened: list[int] = []

    def opener(address: str, workers: int) -> Executor:
        opened.append(workers)
        if len(opened) > 1:
            raise AttncheckError("no scheduler answers")
        return Here(once)

    def once(work: Callable[[bytes], bytes], sent: bytes) -> bytes:
        if b'"3"' in sent:
            raise ConnectionResetError
        return work(sent)

    tasks = [numbers("2"), numbers("3")]
    results, _ = run_all(tasks, Limits(), engine=Engine("gone", opener))
    assert results[0].answers == {"2": Square(4)}
    assert results[1].refused is not None
    assert "no scheduler answers" in results[1].refused.what


def test_an_engine_that_cannot_be_opened_at_all_is_an_error() -> None:
    def opener(address: str, workers: int) -> Executor:
        raise RuntimeError("no licence")

    with pytest.raises(AttncheckError, match="cannot be opened: RuntimeError: no licence"):
        run_all([numbers("2")], Limits(), engine=Engine("theirs", opener))


def test_results_are_told_as_they_come_back() -> None:
    told = threading.Event()

    def waits(work: Callable[[bytes], bytes], sent: bytes) -> bytes:
        if b'"3"' in sent and not told.wait(60):
            raise AssertionError("the first result was kept until the last")
        return work(sent)

    class Slow(ThreadPoolExecutor):
        def submit(self, work: Any, /, *given: Any, **named: Any) -> Future[Any]:
            return super().submit(waits, work, *given)

    engine = Engine("slow", lambda address, workers: Slow(2))
    places: list[int] = []
    heard: list[str] = []

    def done(place: int, result: Any) -> None:
        places.append(place)
        told.set()

    run_all(
        [numbers("3"), numbers("2")],
        Limits(),
        engine=engine,
        listen=lambda task, message: heard.append(getattr(message, "step", "")),
        done=done,
    )
    engine.close()
    assert places == [1, 0]
    assert heard == ["2", "3"]


def tiny(folder: Path) -> list[Any]:
    (folder / "fine.py").write_text(FINE, encoding="utf-8")
    spec_with(folder, {"fine": "fine.py:Fine"})
    return [task for _, task in select("tiny.toml", "", Asked())]


@pytest.mark.parametrize(("name", "text"), [("fine.py", FINE), ("tiny.toml", "")])
def test_a_worker_without_the_modules_file_says_so_and_with_another_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tasks = tiny(tmp_path)
    path = tmp_path / name

    def on_another_disk(work: Callable[[bytes], bytes], sent: bytes) -> bytes:
        kept = path.read_text(encoding="utf-8")
        path.write_text(f"{kept}\n# older\n", encoding="utf-8")
        another = msgspec.json.decode(work(sent))["result"]["refused"]["what"]
        path.unlink()
        answer = work(sent)
        path.write_text(kept, encoding="utf-8")
        assert f"has another {name} there" in another
        return answer

    (result,), _ = run_all(tasks, Limits(), engine=here(on_another_disk))
    assert result.refused is not None
    assert f"has no {name} there" in result.refused.what
    assert result.refused.where == str(path)
    assert "on a disk that they share" in result.refused.instead


def test_a_worker_with_another_torch_is_not_believed() -> None:
    def elsewhere_(work: Callable[[bytes], bytes], sent: bytes) -> bytes:
        asked = msgspec.json.decode(sent, type=Sent)
        facts = {**asked.facts, "torch": "1.0"}
        return work(msgspec.json.encode(msgspec.structs.replace(asked, facts=facts)))

    (result,), _ = run_all([numbers("2")], Limits(), engine=here(elsewhere_))
    assert result.refused is not None
    assert "the report would say 1.0" in result.refused.what


def test_what_other_files_gave_is_no_known_result_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tasks = tiny(tmp_path)
    cache = ResultCache(folder=tmp_path / "results")
    files: list[str] = []

    def of_other_files(work: Callable[[bytes], bytes], sent: bytes) -> bytes:
        answer = msgspec.json.decode(work(sent), type=Returned)
        return msgspec.json.encode(msgspec.structs.replace(answer, rests_on=files.pop()))

    files.append("another digest")
    run_known(tasks, Limits(), cache=cache, engine=here(of_other_files))
    assert cache.find(tasks[0], Limits()) is None
    run_known(tasks, Limits(), cache=cache, engine=here(lambda work, sent: work(sent)))
    assert cache.find(tasks[0], Limits()) is not None


PLUGIN = """
from concurrent.futures import ThreadPoolExecutor
def opened(address, workers):
    print("opened", address, workers)
    return ThreadPoolExecutor(workers)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> str:
    """Install an engine called ``threads`` in a folder, and return that."""
    folder = tmp_path / "installed"
    about = folder / "threads_engine-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "threads_engine.py").write_text(PLUGIN, encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: threads-engine\nVersion: 1.0\n")
    named = "[attncheck.executors]\nthreads = threads_engine:opened\n"
    (about / "entry_points.txt").write_text(named, encoding="utf-8")
    return str(folder)


def test_an_installed_engine_gives_the_report_of_one_machine(tmp_path: Path, plugin: str) -> None:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    spec_with(tmp_path, {"fine": "fine.py:Fine", "pools": "fine.py:Pools"})
    sent = attncheck(
        *("audit", "tiny.toml", "-o", "sent.json", "--jobs", "2", "-q"),
        *("--executor", "threads:tcp://there:1"),
        folder=tmp_path,
        PYTHONPATH=plugin,
    )
    assert (sent.returncode, sent.stderr) == (1, ""), sent.stderr
    assert "opened tcp://there:1 2" in sent.stdout
    alone = attncheck("audit", "tiny.toml", "-o", "alone.json", "-q", folder=tmp_path)
    assert alone.returncode == 1
    assert (tmp_path / "sent.json").read_bytes() == (tmp_path / "alone.json").read_bytes()


def test_a_scan_sends_all_that_it_asks(tmp_path: Path, plugin: str) -> None:
    (tmp_path / "net.py").write_text(NET, encoding="utf-8")
    found = []
    for more in ((), ("--executor", "threads", "--jobs", "1")):
        done = attncheck(
            *("scan", "net.py", "net.py:Net()", "--no-cache", "--claim", "shape", *more),
            *("-q", "-o", "scan.json"),
            folder=tmp_path,
            PYTHONPATH=plugin,
        )
        assert done.returncode in (0, 3), done.stderr
        assert ("opened" in done.stdout) == bool(more)
        found.append((tmp_path / "scan.json").read_bytes())
    assert found[0] == found[1]


NET = """
import torch
from torch import nn
class Squeezes(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.a = nn.Conv2d(channels, channels // 4, 1)
        self.b = nn.Conv2d(channels // 4, channels, 1)
    def forward(self, x):
        return x * torch.sigmoid(self.b(torch.relu(self.a(x.mean((2, 3), keepdim=True)))))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.gate = nn.Conv2d(3, 16, 3, padding=1), Squeezes(16)
    def forward(self, x):
        return self.gate(self.stem(x))
"""


def test_an_unknown_engine_is_told_with_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("ray", "json:__name__", "attncheck.executors")
    monkeypatch.setattr(engines, "entry_points", lambda group: [point])
    assert engine_names() == ["dask", "ray"]
    with pytest.raises(UsageError, match="did you mean 'ray'"), engine_of("rey"):
        pass
    with pytest.raises(UsageError, match="'ray' is no engine"), engine_of("ray"):
        pass


@pytest.mark.parametrize("command", [("profile", "se"), ("calibrate",)])
def test_times_are_never_measured_elsewhere(command: tuple[str, ...], tmp_path: Path) -> None:
    done = attncheck(*command, "--executor", "dask", folder=tmp_path)
    assert done.returncode == 2
    assert "times are measured on this machine" in done.stderr


def test_what_is_sent_is_json_and_what_comes_back_too() -> None:
    sent = elsewhere._sent(numbers("5"), Limits())
    assert msgspec.json.decode(sent)["question"]["steps"] == ["5"]
    answer = msgspec.json.decode(run_json(sent))
    assert answer["result"]["answers"] == {"5": {"value": 25, "why": ""}}
