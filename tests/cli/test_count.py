"""``attncheck count``: parameters and MACs at any size."""

import json
from pathlib import Path

from tests.cli.command import attncheck

NESTED = """
import torch
from torch import nn

class Inner(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1, bias=False)
        self.scale = nn.Parameter(torch.ones(c, 1, 1))

    def forward(self, x):
        return self.scale * self.fc(x)

class Outer(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = Inner(channels)
        self.again = self.first
        self.second = Inner(channels)

    def forward(self, x):
        x = self.second(self.again(self.first(x)))
        return x + torch.einsum("bchw,bdhw->bcd", x, x).mean()
"""


def counted(folder: Path, *words: str) -> dict:
    done = attncheck("count", *words, "--format", "json", folder=folder)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (subject,) = report["subjects"]
    assert (report["schema"], subject["verdict"]) == ("attncheck.report/1", "counted")
    assert "findings" not in subject
    return subject["counts"]


def test_a_tree_adds_up(tmp_path: Path) -> None:
    (tmp_path / "nested.py").write_text(NESTED)
    found = counted(tmp_path, "nested.py:Outer", "--input", "1x8x4x4", "--init", "channels=8")
    tree = found["tree"]
    assert found["parameters"] == tree["parameters"] == 2 * (64 + 8)
    assert found["macs"] == tree["macs"] == 3 * 16 * 64 + 16 * 64
    assert tree["own_macs"] == 16 * 64
    first, second = tree["below"]
    assert (first["name"], first["macs"]) == ("first", 2 * 16 * 64)  # called twice
    assert (second["macs"], second["own_parameters"]) == (16 * 64, 8)


def test_sizes_that_no_memory_holds_are_counted_from_shapes(tmp_path: Path) -> None:
    found = counted(tmp_path, "pam", "--input", "64x512x512x512")
    assert found["device"] == "meta"
    pixels = 512 * 512
    assert found["macs"] == 64 * pixels * (2 * 512 * 64 + 512 * 512 + pixels * (64 + 512))


def test_every_spelling_counts_the_same_and_any_report_format_is_written(tmp_path: Path) -> None:
    (tmp_path / "nested.py").write_text(NESTED)
    size = ("--init", "channels=8", "--set", "C=8")
    apart = counted(tmp_path, "map", "nested.py:Outer", *size, "-o", "a.html", "-o", "a.md")
    assert counted(tmp_path, "map=nested.py:Outer", *size) == apart
    assert counted(tmp_path, "nested.py:Outer", *size) == apart
    assert "no claim was tried" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "### By submodule" in (tmp_path / "a.md").read_text(encoding="utf-8")


def test_what_cannot_be_counted_is_told(tmp_path: Path) -> None:
    (tmp_path / "raises.py").write_text(NESTED.replace("x = self.second", "x = x.nothing"))
    for words, told in (
        (["raises.py:Outer", "--input", "1x8x4x4", "--init", "channels=8"], "AttributeError"),
        (["se", "--device", "cuda"], "counts do not depend on 'cuda'"),
        (["nested.py:Outer"], "nested.py"),
    ):
        done = attncheck("count", *words, folder=tmp_path)
        assert done.returncode == 2
        assert told in done.stderr
        assert "Traceback" not in done.stderr


LIVE = """
import torch
from torch import nn

class Reads(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.kv = nn.Linear(8, 8), nn.Linear(6, 16)

    def forward(self, tokens, memory, *, mask=None, cache=None):
        q, (k, v) = self.q(tokens), self.kv(memory).chunk(2, -1)
        if cache is not None:
            cache.append(k)
            assert len(cache) == 1
        w = (q @ k.mT + mask).softmax(-1)
        return {"tokens": tokens + w @ v, "weights": w}

class Net(nn.Module):
    def __init__(self, depth=2):
        super().__init__()
        self.table = nn.Embedding(16, 8)
        self.reads = nn.ModuleList(Reads() for _ in range(depth))

    def forward(self, ids, memory):
        x = self.table(ids)
        for read in self.reads:
            x = read(x, memory, mask=torch.zeros(ids.shape[1], memory.shape[1]), cache=[])["tokens"]
        return x
"""
CALL = ("--input", "3x5", "--input", "3x7x6")
PER_READ = 3 * (5 * 8 * 8 + 7 * 6 * 16 + 2 * 5 * 7 * 8)


def test_a_part_of_a_live_model_is_counted_as_the_whole_calls_it(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(LIVE)
    found = counted(tmp_path, "net.py:Net()#reads.1", *CALL, "--device", "cpu")
    assert (found["macs"], found["fvcore"]) == (PER_READ, PER_READ)
    assert found["parameters"] == 8 * 8 + 8 + 6 * 16 + 16
    assert "dims" not in found or found["dims"] == {}
    told = attncheck("count", "net.py:Net()#reads.1", *CALL, folder=tmp_path)
    assert told.stdout.splitlines()[0] == "net.py:Net()#reads.1"
    assert "one call at 3x5x8, 3x7x6, mask=5x7;" in told.stdout


def test_a_live_model_that_takes_indices_is_counted(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(LIVE)
    for more in ((), ("--device", "meta")):
        found = counted(tmp_path, "net.py:Net(depth=3)", *CALL, *more)
        assert found["macs"] == 3 * PER_READ
        (reads,) = [branch for branch in found["tree"]["below"] if branch["name"] == "reads"]
        assert [branch["macs"] for branch in reads["below"]] == [PER_READ] * 3


def test_a_part_that_is_not_called_says_so(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(LIVE)
    for part, said in (("reads", "never reaches this part"), ("rads", "did you mean")):
        done = attncheck("count", f"net.py:Net()#{part}", *CALL, folder=tmp_path)
        assert done.returncode == 2
        assert said in done.stderr
        assert "mistake in attncheck" not in done.stderr
