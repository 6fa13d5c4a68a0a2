"""A wrong module that lies is never said to conform: the cheap lies."""

from __future__ import annotations

import json

import pytest

from tests.attacks.box import Box
from tests.attacks.modules import SE, WRONG, in_constructor, in_forward, spec_of

FOUND = [
    {"type": "found", "finding": {"claim": c, "kind": c, "status": "holds"}}
    for c in ("gate", "equivalence")
]
OPENED = {"type": "opened", "dims": {"B": 2, "C": 32, "r": 4, "h": 8}, "notes": []}
LINES = "".join(json.dumps(one) + "\n" for one in (OPENED, *FOUND, {"type": "done"}))
TELL = f"""
import atexit, os, signal, stat, sys, threading, time
def tell(data={LINES.encode()!r}):
    for number in range(3, 1024):
        try:
            kind = os.fstat(number).st_mode
            if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
                os.set_blocking(number, False)
                os.write(number, data)
        except OSError:
            pass
def tell_and_go(*_):
    tell()
    os._exit(0)
def tell_often():
    for _ in range(100):
        tell()
        time.sleep(0.02)
"""
CHILD = "if os.fork() == 0:\n    os.setsid()\n    tell_often()\n    os._exit(0)\n"
ALARM = "signal.signal(signal.SIGALRM, tell_and_go)\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\n"
PRINTS = f"for stream in sys.stdout, sys.__stdout__, sys.stderr:\n    stream.write({LINES!r})\n"
TOLD = {
    "when it is imported": TELL + "tell()\n" + WRONG,
    "when it is imported and ends": TELL + "tell_and_go()\n" + WRONG,
    "when it is built": TELL + in_constructor("tell()"),
    "when it is called": TELL + in_forward("tell()"),
    "when it is called and ends": TELL + in_forward("tell_and_go()"),
    "when it ends": TELL + "atexit.register(tell)\n" + WRONG,
    "by a thread": TELL + "threading.Thread(target=tell_often, daemon=True).start()\n" + WRONG,
    "by a process": TELL + CHILD + WRONG,
    "by a signal": TELL + ALARM + WRONG,
    "by printing": TELL + PRINTS + WRONG,
}

OURS = """
import enum, sys, types
def ours():
    return [m for n, m in list(sys.modules.items()) if n.split(".")[0] == "attncheck" and m]
"""
PATCHES = {
    "the encoder of messages": OURS
    + """
import msgspec
plain, made = msgspec.json.encode, msgspec.json.Encoder
def soft(data): return data.replace(b'"violated"', b'"holds"').replace(b'"undecided"', b'"holds"')
class Soft:
    def __init__(self, *a, **k): self.inner = made(*a, **k)
    def encode(self, *a, **k): return soft(self.inner.encode(*a, **k))
msgspec.json.encode, msgspec.json.Encoder = lambda *a, **k: soft(plain(*a, **k)), Soft
for m in ours():
    for name, value in list(vars(m).items()):
        if isinstance(value, made): setattr(m, name, Soft())
""",
    "the words of a status": OURS
    + """
for m in ours():
    for value in list(vars(m).values()):
        if isinstance(value, type) and issubclass(value, enum.Enum):
            for member in value:
                if member.value in ("violated", "undecided", "error"): member._value_ = "holds"
""",
    "what is written": """
import os
write = os.write
def soft(number, data):
    write(number, data.replace(b'"violated"', b'"holds"').replace(b'"undecided"', b'"holds"'))
    return len(data)
os.write = soft
""",
    "every function that judges": OURS
    + """
import re
for m in ours():
    for name, value in list(vars(m).items()):
        if callable(value) and re.search("verdict|judge|confirm|violat", name):
            setattr(m, name, lambda *a, **k: "conforms")
""",
    "the code of every judge": OURS
    + """
import re
def lie(*a, **k): return None
for m in ours():
    for name, value in list(vars(m).items()):
        if isinstance(value, types.FunctionType) and not value.__closure__:
            if re.search("verdict|judge|violat|confirm", name): value.__code__ = lie.__code__
""",
    "what probes return": OURS
    + """
import functools, msgspec
def soft(function):
    @functools.wraps(function)
    def softened(*a, **k):
        answer = function(*a, **k)
        status = getattr(answer, "status", None)
        if getattr(status, "value", status) in ("violated", "undecided"):
            answer = msgspec.structs.replace(answer, status=type(status)("holds"))
        return answer
    return softened
for m in ours():
    for name, value in list(vars(m).items()):
        if isinstance(value, types.FunctionType): setattr(m, name, soft(value))
""",
    "the definition's step": """
import attncheck.reference.se as definition, torch
for name, value in list(vars(definition).items()):
    if value is torch.sigmoid: setattr(definition, name, torch.tanh)
""",
    "torch's sigmoid": "import torch\ntorch.sigmoid = torch.Tensor.sigmoid = torch.tanh\n",
    "torch's comparisons": """
import torch
torch.equal = torch.allclose = torch.Tensor.equal = torch.Tensor.allclose = lambda *a, **k: True
torch.isclose = lambda a, *r, **k: torch.ones_like(a, dtype=torch.bool)
""",
    "torch's numbers": """
import torch
torch.Tensor.item = torch.Tensor.tolist = lambda self: 0.5
torch.Tensor.__gt__ = torch.Tensor.__lt__ = lambda a, b: torch.zeros_like(a, dtype=torch.bool)
""",
    "any and all": "import builtins\nbuiltins.any = builtins.all = lambda i: True\n",
}
ONCE = "globals().get('gone') or globals().update(gone=True) or exec({!r}, {{}})"
LIES = {
    **{f"tells {when}": source for when, source in TOLD.items()},
    **{f"replaces {what} when imported": patch + WRONG for what, patch in PATCHES.items()},
    **{
        f"replaces {what} when called": in_forward(ONCE.format(PATCHES[what]))
        for what in ("the encoder of messages", "the words of a status", "what is written")
    },
}
AUDIT = ("audit", "many.toml", "--claim", "gate", "--claim", "equivalence", "-o", "r.json")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Audit all liars, and a sound module before and after them, with one command."""
    box = Box(tmp_path_factory.mktemp("liars") / "box")
    liars = {f"m{number}": source for number, source in enumerate(LIES.values())}
    for name, text in spec_of({"first": SE, **liars, "last": SE}).items():
        box.write(name, text)
    box.run(*AUDIT).decently(1, 2, 3)
    return box.verdicts()


@pytest.mark.parametrize("lie", LIES)
def test_a_wrong_module_is_not_believed_that(verdicts: dict[str, str], lie: str) -> None:
    assert verdicts[f"m{list(LIES).index(lie)}"] in ("violates", "undecided", "refused")


def test_the_sound_modules_beside_them_are_not_harmed(verdicts: dict[str, str]) -> None:
    assert verdicts["first"] == verdicts["last"] == "conforms"


def test_a_lie_about_the_only_claim_asked_for_is_not_believed(box: Box) -> None:
    box.write("evil.py", PATCHES["the definition's step"] + WRONG)
    done = box.run("audit", "se", "evil.py:SE", "--claim", "equivalence").decently(1)
    assert "attncheck.reference.se.sigmoid" in done.text


def test_a_module_that_leaves_before_its_only_claim_is_vouched_for_by_nobody(box: Box) -> None:
    box.write("evil.py", "import os\n" + in_constructor("os._exit(0)"))
    box.run("audit", "se", "evil.py:SE", "--claim", "equivalence").decently(1, 2, 3)


@pytest.mark.parametrize("path", ["../../escaped", "a/../../../escaped", "{root}/escaped"])
def test_a_forged_id_is_no_file_name(box: Box, path: str) -> None:
    name = json.dumps(path.format(root=box.root))
    renamed = f"""
import os, re
write = os.write
def forge(number, data):
    write(number, re.sub(rb'"id":"[0-9a-f]*"', lambda m: b'"id":' + {name.encode()!r}, bytes(data)))
    return len(data)
os.write = forge
"""
    finding = {**FOUND[0]["finding"], "status": "violated", "id": json.loads(name)}  # type: ignore[dict-item]
    line = json.dumps({"type": "found", "finding": finding}) + "\n"
    box.write("evil.py", TELL + renamed + in_forward(f"tell({line.encode()!r})"))
    box.run("audit", "se", "evil.py:SE", "--claim", "gate").decently(1, 2, 3)
    assert not list(box.root.rglob("*escaped*"))


# ------------------------------------------------------------------------------ and benign

HONEST = {
    "prints JSON": "import json\nprint(json.dumps({'type': 'done'}), flush=True)\n" + SE,
    "uses msgspec": "import msgspec\nmsgspec.json.decode(msgspec.json.encode([1]))\n" + SE,
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    box = Box(tmp_path_factory.mktemp("honest") / "box")
    sources = {f"m{number}": source for number, source in enumerate(HONEST.values())}
    for name, text in spec_of(sources).items():
        box.write(name, text)
    box.run(*AUDIT).decently(0)
    return box.verdicts()


@pytest.mark.parametrize("module", HONEST)
def test_benign_a_module_conforms_that(honest: dict[str, str], module: str) -> None:
    assert honest[f"m{list(HONEST).index(module)}"] == "conforms"
