"""Counters of MACs beside hands: ours, and those that people use.

    pip install -e '.[benchmarks]'
    python -m benchmarks.counting                                 how often each is exact
    python -m benchmarks.counting --markdown > docs/counting.md   the page of it

A tool that is not installed is left out.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import sys
from importlib import metadata

from benchmarks.counting.running import Answers, answers_of, ask, versions
from benchmarks.counting.table import details, summary
from benchmarks.counting.tools import TOOLS

INTRODUCTION = """\
# Counters of MACs, held against hands

One multiply-accumulate of a contraction (convolution, linear layer, matrix product) is one MAC,
taps on padding too; a bias, a norm, a softmax, a pooling or an activation is none. The numbers of
the hand were derived on paper, from the sizes: `benchmarks/counting` holds each case with its
formula, and `tests/instruments/counting/test_hand_derived.py` holds our counters to them, also on
`meta`.
"""

READING = """\
Each tool is asked as its documentation says, in a process of its own for every case; eval without
gradients, training with them (thop, ptflops and calflops go to eval by themselves). Exact means
equal: many count biases, norms, pooling or element-wise work into the same total, which is another
convention rather than a mistake, and stands below as a few percent or as `+`. The third group was
added while ours was tested: read the first two to compare. Single layers of the second have no bias
where they can do without. Modules without parameters, on which calflops raises, get an idle one for
it. What ours misses are contractions written as a product and its sum, which it names.

`=` equal · `0` left out without a word · `1.5×`, `+3 %` of the hand's number · `+16` of none ·
`error` it raises · `none` it gives up · `named` left out, and the report says so with the size.
"""

OWN = """## Your own module, on any inputs

```python
# fuse.py
import torch
from torch import nn


class Fuse(nn.Module):
    def __init__(self, channels, deep):
        super().__init__()
        self.up = nn.Conv2d(deep, channels, 1)
        self.mix = nn.Conv2d(2 * channels, channels, 3, padding=1)

    def forward(self, maps, scale=2):
        x, y = maps
        y = nn.functional.interpolate(self.up(y), scale_factor=scale)
        return self.mix(torch.cat([x, y], 1))
```

`--input` states one argument of `forward` after the other, as its author calls it: a shape, a
list, a tuple or a dict of shapes, a number, a flag; `NAME=` before one names the argument. Whether
two axes hold numbers or indices is found by trying (`2x9:int` says it), as is a width that the
constructor asks for; what is assumed so is said. A target without a spec needs no family.

```sh
attncheck count fuse.py:Fuse --init channels=64 --init deep=128 --input '[1x64x40x40,1x128x20x20]'
attncheck count 'fuse.py:Fuse(8,16)' --input '[1x8x6x6,1x16x2x2]' --input scale=3
```

One pass on shapes alone counts it, and the module is built without its initial values where torch
draws them; `--device cpu` computes, and asks a second counter. What cannot be called names the
argument, and a line that works where one is found:

```text
attncheck: fuse.py:Fuse(8,16): nothing is stated for 'maps' of forward(maps, scale)
```

`--depth` and `--sort macs` say which submodules are shown; of two targets the difference is shown,
too, by submodule. `--format latex` (or `csv`, `markdown`) gives the tables, as `-o costs.tex` does.
CPU seconds of a whole run, from the start of Python, beside a script that prints
torchinfo's summary of the same module (torchinfo 1.8.0, torch 2.13.0, one thread, two rounds on a
shared machine with two cores; `import torch` alone takes 1.4 to 1.8):

| | attncheck | torchinfo | ratio |
| --- | ---: | ---: | ---: |
| ResNet-50, 1x3x224x224 | 2.2, 2.3 | 1.9, 2.1 | 1.2, 1.1 |
| a detector like YOLO, 1x3x640x640 | 2.3, 2.7 | 1.9, 2.4 | 1.2, 1.1 |
| ViT-B/16, 1x3x224x224 | 2.2, 2.7 | 2.5, 3.2 | 0.9, 0.9 |
| GPT-2, 1x256 | 2.2, 2.8 | 3.1, 3.6 | 0.7, 0.8 |

"""


def page(said: dict[str, Answers]) -> str:
    """Return the whole page."""
    packages = {TOOLS[name].package: version for name, version in versions().items()}
    packages["torch"] = metadata.version("torch")
    tools = ", ".join(f"{name} {version}" for name, version in sorted(packages.items()))
    run = f"Run on {datetime.date.today():%d %B %Y}: Python {platform.python_version()}, {tools}."
    lines = [INTRODUCTION, *summary(said), "", READING, OWN + "## Modules", ""]
    lines += [*details(said, "module"), "", "## Single operators", ""]
    lines += [*details(said, "operator"), "", run]
    lines += ["Made by `python -m benchmarks.counting --markdown`."]
    return "\n".join(lines)


def main() -> None:
    """Ask the tools and print what they say."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--markdown", action="store_true", help="the whole page")
    parser.add_argument("--tool", choices=list(TOOLS), help="one tool's answers, as JSON")
    words = parser.parse_args()
    if words.tool:
        ask(words.tool)
        return
    said = {}
    for name in versions():
        print(f"{name} …", file=sys.stderr)
        said[name] = answers_of(name)
    print(page(said) if words.markdown else "\n".join(summary(said)))


if __name__ == "__main__":
    main()
