"""What an unlucky module does costs that module alone, and is told as its own doing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.attacks.box import Box
from tests.attacks.modules import SE, WRONG, in_constructor, in_forward, spec_of

MUTE = """class Mute(Exception):
    def __str__(self): raise RuntimeError("no")
    __repr__ = __str__
"""
LAZY = SE.replace(
    "nn.Linear(channels, channels // reduction, bias=False)",
    "nn.LazyLinear(channels // reduction, bias=False)",
)
UNLUCKY = {
    "ends its process": "import os\n" + in_forward("os._exit(0)", SE),
    "ends when imported": "raise SystemExit(0)\n",
    "interrupts": in_forward("raise KeyboardInterrupt", SE),
    "crashes": "import ctypes\n" + in_forward("ctypes.string_at(0)", SE),
    "calls itself": "import sys\nsys.setrecursionlimit(10**8)\n"
    + in_forward("self.forward(x)", SE),
    "closes every descriptor": "import os\n" + in_forward("os.closerange(0, 4096)"),
    "raises what cannot be shown": MUTE + in_forward("raise Mute", SE),
    "raises megabytes": in_forward("raise ValueError('burst ' * 3_000_000)", SE),
    "hides its source": WRONG
    + "import inspect, linecache\ninspect.getsource = linecache.getlines = 0\n",
    "raises half a sign": in_forward("raise ValueError('\\ud800 \\udcff')", SE),
    "raises half a sign when built": in_constructor("raise ValueError('\\udc80')", SE),
    "raises half a sign when imported": "raise ImportError('\\udcff')\n",
    "has a type of half a sign": in_forward("raise type('E\\udcff', (ValueError,), {})('no')", SE),
    "has a name of half a sign": WRONG + "SE.__name__ = SE.__qualname__ = 'SE\\udcff'\n",
    "returns half a sign": WRONG.replace("return x * y", "return {'\\udcff': y}"),
}
Report = dict[str, Any]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """Audit all of them, and sound ones, with one command: the verdicts, and what is shown."""
    box = Box(tmp_path_factory.mktemp("unlucky") / "box")
    sources = {f"m{number}": source for number, source in enumerate(UNLUCKY.values())}
    for name, text in spec_of({"first": SE, **sources, "last": LAZY}).items():
        box.write(name, text)
    written = ("-o", "r.json", "-o", "r.html", "-o", "r.md")
    done = box.run("audit", "many.toml", *written, "--timeout", "15").decently(1, 2)
    json.loads((box.here / "r.json").read_text("utf-8"))
    shown = (
        done.text
        + (box.here / "r.html").read_text("utf-8")
        + (box.here / "r.md").read_text("utf-8")
    )
    box.clear()
    return box.verdicts(), shown


@pytest.mark.parametrize("module", UNLUCKY)
def test_a_module_does_not_conform_that(ended: tuple[dict[str, str], str], module: str) -> None:
    verdict = ended[0][f"m{list(UNLUCKY).index(module)}"]
    assert verdict in ("violates", "undecided", "refused")


def test_the_sound_module_beside_them_is_not_harmed(ended: tuple[dict[str, str], str]) -> None:
    assert ended[0]["first"] == "conforms"


def test_megabytes_of_a_module_are_not_shown(ended: tuple[dict[str, str], str]) -> None:
    assert len(ended[1]) < 2_000_000


# ------------------------------------------------------------------------------ and benign

NOISE = """import os, sys
print("noise " * 100_000)
print("noise " * 100_000, file=sys.stderr)
for _ in range(100):
    os.write(1, b"noise " * 5000)
    os.write(2, b"noise " * 5000)
"""
READS = "import argparse, sys\nsys.stdin.read()\nargparse.ArgumentParser().parse_known_args()\n"


def test_benign_a_lazy_module_is_audited(ended: tuple[dict[str, str], str]) -> None:
    assert ended[0]["last"] == "conforms"


@pytest.mark.parametrize("lines", [NOISE, READS], ids=["prints megabytes", "reads its input"])
def test_benign_a_module_conforms_that(box: Box, lines: str) -> None:
    box.write("se.py", lines + SE)
    done = box.run("audit", "se", "se.py:SE", "--claim", "gate").decently(0)
    assert len(done.text) < 300_000


def test_benign_a_package_with_relative_imports_and_a_main(box: Box) -> None:
    box.write("pkg/__init__.py", "")
    box.write("pkg/parts.py", "SIZE = 16\n")
    main = "if __name__ == '__main__':\n    raise SystemExit(1)\n"
    box.write("pkg/se.py", f"from .parts import SIZE\n{SE}{main}")
    box.run("audit", "se", "pkg.se:SE", "--claim", "gate").decently(0)


@pytest.mark.parametrize(("source", "status"), [(SE, 0), (WRONG, 1)], ids=["sound", "wrong"])
def test_benign_a_file_with_an_odd_name_is_judged_as_any_other(
    box: Box, source: str, status: int
) -> None:
    box.write("mein ordner/größe 1.py", source)
    words = ("--claim", "gate", "--claim", "serialisation", "--init", "reduction=4")
    done = box.run("audit", "se", "mein ordner/größe 1.py:SE", *words, "-o", "out put.json")
    done.decently(status)
    assert set(box.verdicts("out put.json")) == {"SE"}
