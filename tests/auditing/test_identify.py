"""Which mechanism a module computes: modules of every style, and modules that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncheck.auditing.identified import identified
from attncheck.auditing.identify import STEP, Identify, task_of
from attncheck.auditing.request import Asked
from attncheck.data.identity import Identity
from attncheck.errors import TargetError
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Answered
from attncheck.execution.testimony import UnsoundError
from attncheck.subject.prepare import Request

HERE = Path(__file__).parent

COMPUTED = {
    "corpus/good/simam_by_sums.py:EnergyBySums": "simam",
    "corpus/good/eca_kernel_from_width.py:AdaptiveECA": "eca",
    "corpus/good/se_hidden_width_given.py:Excitation": "se",
    "corpus/good/pam_by_torchs_attention.py": "pam",
    "corpus/good/causal_time_first.py": "causal",
    "corpus/good/mha_weights_per_head.py": "mha",
    "corpus/good/pma_one_seed.py:Readout": "pma",
    "corpus/good/slot_recurrent_layer.py:SlotStep": "slot",
    "catalogue/effective_se.py:ByConvolution": "effective-se",
    "catalogue/botnet.py:Absolute": "botnet",
    "catalogue/mqa.py": "mqa",
    "catalogue/external.py:BlockForImages": "external",  # tokens that lie in a map
    "catalogue/luong.py:Squeezed": "luong",  # one token without an axis of its own
    "catalogue/lambda_.py:WholeMap": "lambda",  # found by a longer look
}
"""Class -> what it computes; where no class is named, the first that is correct."""


def request(target: str, name: str = "Nameless", **more: object) -> Request:
    return Request(name, target, **more)  # type: ignore[arg-type]


def found(text: str, folder: Path, name: str = "M") -> Identity:
    path = folder / "m.py"
    path.write_text(
        "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n" + text
    )
    return identified(request(f"{path}:{name}", name))


@pytest.mark.parametrize("target", COMPUTED, ids=lambda t: t.rpartition("/")[2])
def test_a_module_of_another_style_is_recognised_without_its_name(target: str) -> None:
    place, _, name = target.partition(":")
    text = (HERE.parent / place).read_text(encoding="utf-8")
    if not name and "STYLES = [" in text:
        name = text.partition('STYLES = ["')[2].partition('"')[0]
    if not name:
        name = text.rpartition("\nclass ")[2].partition("(")[0]
    identity = identified(request(f"{HERE.parent / place}:{name}"))
    assert (identity.mechanism, identity.known) == (COMPUTED[target], "proven")


PLAIN = {
    "a 1×1 convolution with a norm": """
class M(nn.Module):
    def __init__(self, c1, c2):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(c1, c2, 1), nn.BatchNorm2d(c2)
    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))
""",
    "a residual convolution": """
class M(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
    def forward(self, x):
        return x + self.conv(x)
""",
    "a perceptron": """
class M(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.a, self.b = nn.Linear(dim, 3 * dim), nn.Linear(3 * dim, dim)
    def forward(self, x):
        return self.b(F.gelu(self.a(x)))
""",
    "a norm": """
class M(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight
""",
    "a pool": """
class M(nn.Module):
    def forward(self, x):
        return F.max_pool2d(x, 3, 1, 1)
""",
    "a head of a classifier": """
class M(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc = nn.Linear(channels, 7)
    def forward(self, x):
        return self.fc(x.mean((2, 3)))
""",
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_what_is_no_attention_is_no_mechanism_that_we_know(text: str, tmp_path: Path) -> None:
    identity = found(text, tmp_path)
    assert (identity.mechanism, identity.known) == (None, "unknown")


GATE = """
class {name}(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.a = nn.Conv2d(channels, channels // 4, 1)
        self.b = nn.Conv2d(channels // 4, channels, 1)
    def forward(self, x):
        s = {squeeze}
        return x * {gate}(self.b({act}(self.a(s))))
"""
MEAN = {"squeeze": "x.mean((2, 3), keepdim=True)", "gate": "torch.sigmoid", "act": "F.relu"}


def test_a_design_change_makes_a_variant(tmp_path: Path) -> None:
    text = GATE.format(**{**MEAN, "name": "SEBlock", "gate": "F.hardsigmoid"})
    identity = found(text, tmp_path, "SEBlock")
    assert (identity.mechanism, identity.known) == ("se", "variant")
    assert "hard sigmoid" in identity.changes[0]


def test_a_mistake_departs_from_what_the_name_says_and_has_a_line(tmp_path: Path) -> None:
    text = GATE.format(**{**MEAN, "name": "SEBlock", "squeeze": "x.amax((2, 3), keepdim=True)"})
    identity = found(text, tmp_path, "SEBlock")
    assert (identity.mechanism, identity.known) == ("se", "departs")
    assert identity.location is not None
    assert "mean" in identity.step


SCALED = """
class M(nn.Module):
    def __init__(self, dim, heads=4):
        super().__init__()
        self.heads, self.scale = heads, {scale}
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        weights = (q @ k.mT * self.scale).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).flatten(2))
"""


def test_of_an_attention_without_a_name_the_nearest_and_what_differs_is_told(
    tmp_path: Path,
) -> None:
    identity = found(SCALED.format(scale="dim**-0.5"), tmp_path)
    assert (identity.mechanism, identity.known) == (None, "unknown")
    assert "nearest to mha" in identity.message
    assert "logits" in identity.message
    assert identity.location is not None


def test_a_name_that_says_otherwise_is_told(tmp_path: Path) -> None:
    identity = found(GATE.format(**{**MEAN, "name": "SimAM"}), tmp_path, "SimAM")
    assert (identity.mechanism, identity.known, identity.named) == ("se", "proven", "simam")


def test_of_several_that_it_equals_the_more_special_is_named(tmp_path: Path) -> None:
    identity = found(GATE.format(**{**MEAN, "name": "M"}), tmp_path)
    assert (identity.mechanism, identity.also) == ("se", ["gather-excite"])
    assert identity.named is None


def test_what_takes_keys_of_its_own_is_no_case_with_one_tensor_for_all(tmp_path: Path) -> None:
    """Grouped queries with as many keys are multi-head attention that is called as self-attention;
    and a layer of tokens takes maps, too, but gives none for them.
    """
    text = """
class M(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.d = heads, dim // heads
        self.parts = nn.ModuleList(nn.Linear(dim, dim) for _ in range(4))

    def forward(self, query, key, value):
        b = len(query)
        q, k, v = (
            part(t).view(b, -1, self.heads, self.d).transpose(1, 2)
            for part, t in zip(self.parts, (query, key, value))
        )
        y = (q @ k.mT / self.d**0.5).softmax(-1) @ v
        return self.parts[3](y.transpose(1, 2).reshape(b, -1, self.heads * self.d))
"""
    identity = found(text, tmp_path)
    assert (identity.mechanism, identity.known) == ("mha", "proven")
    assert "map" not in identity.families


def test_a_step_of_a_decoder_gives_one_row_for_all_tokens(tmp_path: Path) -> None:
    text = """
class M(nn.Module):
    def __init__(self, decoder_dim, encoder_dim):
        super().__init__()
        self.w = nn.Linear(decoder_dim, decoder_dim)
        self.u = nn.Linear(encoder_dim, decoder_dim)
        self.v = nn.Linear(decoder_dim, 1)

    def forward(self, query, keys):
        scores = self.v(torch.tanh(self.w(query) + self.u(keys))).squeeze(2).unsqueeze(1)
        return torch.bmm(scores.softmax(-1), keys)
"""
    assert found(text, tmp_path).mechanism == "bahdanau"


def test_what_cannot_be_called_is_refused(tmp_path: Path) -> None:
    text = "class M(nn.Module):\n    def forward(self, x):\n        raise OSError('no')\n"
    with pytest.raises(TargetError, match="no call that we can think of works"):
        found(text, tmp_path)


@pytest.mark.parametrize(
    "said",
    [
        Identity("none such", "proven"),
        Identity("se", "proven", also=["x"]),
        Identity("../se", "named"),
    ],
)
def test_a_child_names_no_mechanism_that_there_is_not(said: Identity) -> None:
    task: Identify = task_of("m.py:M", Asked())
    with pytest.raises(UnsoundError):
        task.sound(Answered(STEP, said), Limits())
    honest = Answered(STEP, Identity("se", "proven", also=["gather-excite"]))
    assert task.sound(honest, Limits()) is honest
