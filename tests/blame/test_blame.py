"""A violation is put on the line of the subject that makes it."""

import torch
from torch import nn
from torch.nn import functional as F

from attncheck.blame import STRATEGIES, blame
from attncheck.probes import all_kinds, find_kind
from attncheck.subject.claim import violated
from attncheck.subject.trial import Trial
from tests.deciding import finding_of, subject_of
from tests.source.marked import blamed, marked

KINDS = [kind for name in all_kinds() if (kind := find_kind(name)) is not None]


class SoftmaxOverBatch(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.score = nn.Conv2d(c, 1, 1)

    def weigh(self, t: torch.Tensor) -> torch.Tensor:
        return t.softmax(0)  # <- here

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        s = self.score(x)
        return x * self.weigh(s)


class SamplesEndToEnd(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        w = x.mean((2, 3)).view(1, 1, -1)  # <- folded
        w = self.conv(w)  # <- mixed
        return x * w.view(x.size(0), x.size(1), 1, 1).sigmoid()


class GateWithoutGradient(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ones = torch.ones_like(x)
        g = self.fc(x.mean((2, 3))).sigmoid()
        g = g.detach()[..., None, None]  # <- here
        return x * g * ones


class ScoresWithoutGradient(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():  # <- here
            g = self.fc(x.mean((2, 3))).sigmoid()
        return x * g[..., None, None]


class DropoutInEval(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        g = self.fc(x.mean((2, 3)))
        g = F.dropout(g, 0.5)  # <- here
        return x * g.sigmoid()[..., None, None]


class WritesItsInput(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        g = self.fc(x.mean((2, 3))).sigmoid()
        x *= g[..., None, None]  # <- here
        return x


class GateTimesItself(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(x)  # <- first
        x = self.fc(x)
        x = x.sigmoid()  # <- last
        return x * x  # <- here


class Reseeds(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.fc(x)
        torch.manual_seed(0)  # <- here
        return y + 1e-9 * torch.rand_like(y)


class DividesByTheSum(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        k = self.fc(x).relu()
        k = k / k.sum((2, 3), keepdim=True)  # <- here
        return x * k


class NeverCalled(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)
        self.last = nn.Linear(c, c)  # <- here

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.fc(x.mean((2, 3))).sigmoid()[..., None, None]


class SoftmaxOfOne(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.score = nn.Conv2d(c, 1, 1)
        self.softmax = nn.Softmax(dim=1)  # <- made

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        s = self.score(x).flatten(2)
        a = self.softmax(s)  # <- here
        return x + (x.flatten(2) * a).sum(2)[..., None, None]


class Lambda(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)
        self.act = lambda t: t.relu()  # <- here

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.act(self.fc(x))


class PlainTensor(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)
        self.table = torch.ones(c, 1, 1)  # <- here

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.fc(x) * self.table.to(x)


class ViewInPlaceOfPermute(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape
        t = x.view(b, h * w, c)  # <- here
        t = self.fc(t).sigmoid()
        return x * t.transpose(1, 2).reshape(b, c, h, w)


class WrongWidth(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.down = nn.Linear(c, c // 4)
        self.up = nn.Linear(4, c)  # <- made

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        g = self.down(x.mean((2, 3)))
        g = self.up(g)  # <- here
        return x * g[..., None, None]


class SecondSoftmaxLetsTheFutureIn(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(dim, dim) for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n = x.size(1)
        s = self.q(x) @ self.k(x).transpose(1, 2)
        s = s.masked_fill(torch.ones(n, n).triu(1).bool(), float("-inf"))
        p = s.softmax(-1)
        p = p.softmax(-1)  # <- here
        return p @ self.v(x)


def test_a_softmax_over_the_batch_is_found_inside_a_helper() -> None:
    location, _ = blamed("batch-independence", SoftmaxOverBatch)
    assert location is not None
    assert location.line == marked(SoftmaxOverBatch)
    assert "depends on the others" in location.note


def test_a_batch_axis_folded_away_is_related_to_the_line_that_mixes() -> None:
    _, lines = blamed("batch-independence", SamplesEndToEnd)
    assert lines[:2] == [marked(SamplesEndToEnd, "mixed"), marked(SamplesEndToEnd, "folded")]


def test_a_detached_gate_cuts_the_gradient_and_a_constant_does_not() -> None:
    _, lines = blamed("gradient-flow", GateWithoutGradient)
    assert lines == [marked(GateWithoutGradient)]


def test_a_block_without_gradients_is_named_by_its_head() -> None:
    _, lines = blamed("gradient-flow", ScoresWithoutGradient)
    assert lines[0] == marked(ScoresWithoutGradient)


def test_a_dropout_in_eval_is_where_two_calls_part() -> None:
    _, lines = blamed("deterministic", DropoutInEval)
    assert lines[0] == marked(DropoutInEval)


def test_an_input_written_in_place_is_found_by_its_values() -> None:
    location, _ = blamed("unmodified", WritesItsInput)
    assert location is not None
    assert location.line == marked(WritesItsInput)
    assert "`x`" in location.note


def test_a_rebound_input_that_multiplies_itself_is_said_in_the_note() -> None:
    location, _ = blamed("shape", GateTimesItself)
    assert location is not None
    assert location.line == marked(GateTimesItself)
    first, last = marked(GateTimesItself, "first"), marked(GateTimesItself, "last")
    assert f"`x` was rebound at lines {first} to {last}" in location.note


def test_reseeding_is_told_from_drawing() -> None:
    _, lines = blamed("global-state", Reseeds)
    assert lines == [marked(Reseeds)]


def test_a_nan_is_put_on_the_line_that_makes_it() -> None:
    location, _ = blamed("finite", DividesByTheSum)
    assert location is not None
    assert location.line == marked(DividesByTheSum)
    assert "NaN" in location.note


def test_a_layer_that_is_never_called_is_where_it_is_made() -> None:
    _, lines = blamed("unused", NeverCalled, parameters=["last.weight", "last.bias"])
    assert lines == [marked(NeverCalled)]


def test_a_layer_whose_influence_ends_in_a_softmax_of_one_is_on_that_line() -> None:
    _, lines = blamed("unused", SoftmaxOfOne, parameters=["score.weight", "score.bias"])
    assert lines[0] == marked(SoftmaxOfOne)
    assert marked(SoftmaxOfOne, "made") in lines


def test_an_attribute_that_cannot_be_pickled_is_where_it_is_assigned() -> None:
    _, lines = blamed("serialisation", Lambda)
    assert lines == [marked(Lambda)]


def test_a_plain_tensor_attribute_is_where_it_is_assigned() -> None:
    _, lines = blamed("registered", PlainTensor)
    assert lines == [marked(PlainTensor)]


def test_a_view_in_place_of_a_permute_scatters_positions() -> None:
    _, lines = blamed("equivariant", ViewInPlaceOfPermute)
    assert lines[0] == marked(ViewInPlaceOfPermute)


def test_weights_that_let_the_future_in_are_told_from_the_product_that_uses_them() -> None:
    _, lines = blamed("causality", SecondSoftmaxLetsTheFutureIn, "tokens")
    assert lines[0] == marked(SecondSoftmaxLetsTheFutureIn)


def test_an_exception_relates_to_the_line_that_made_the_layer() -> None:
    finding = finding_of("runs", WrongWidth)
    assert finding.location is not None
    assert finding.location.line == marked(WrongWidth)
    assert marked(WrongWidth, "made") in [place.line for place in finding.related]


def test_a_location_that_a_probe_gives_is_kept() -> None:
    finding = finding_of("batch-independence", SoftmaxOverBatch)
    assert finding.location is not None
    assert finding.location.line == marked(SoftmaxOverBatch)


def test_a_module_without_source_has_no_line_and_raises_nothing() -> None:
    space: dict[str, object] = {"nn": nn}
    exec("class Bare(nn.Module):\n    def forward(self, x):\n        return x * 2", space)
    subject = subject_of(space["Bare"])
    for kind in KINDS:
        location, related = blame(Trial(subject, subject.base()), violated(""), kind.located_by)
        assert location is None
        assert related == []


def test_blame_leaves_the_generator_and_the_grad_mode_alone() -> None:
    subject = subject_of(Reseeds)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    with torch.no_grad():
        for kind in KINDS:
            blame(Trial(subject, subject.base()), violated(""), kind.located_by)
        assert not torch.is_grad_enabled()
    assert torch.equal(before, torch.get_rng_state())


def test_every_kind_names_strategies_that_exist() -> None:
    assert all(name in STRATEGIES for kind in KINDS for name in kind.located_by)


def test_a_probe_may_name_its_own_strategies() -> None:
    subject = subject_of(DropoutInEval)
    trial = Trial(subject, subject.base())
    location, _ = blame(trial, violated(""), ("repeats",))
    assert location is not None
    assert location.line == marked(DropoutInEval)


def test_a_definition_is_blamed_on_its_equations_and_not_on_their_steps() -> None:
    from attncheck.reference.se import se

    subject = subject_of(se, "se")
    location, _ = blame(Trial(subject, subject.base()), violated(""))
    assert location is not None
    assert location.path.endswith("se.py")
