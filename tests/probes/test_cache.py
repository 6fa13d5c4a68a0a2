"""Step by step with a cache equals the full pass."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from tests.attention import Attention
from tests.deciding import finding_of

Past = tuple[Tensor, Tensor]


class Cached(Attention):
    def forward(self, x: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if past is not None:
            k, v = torch.cat((past[0], k), 2), torch.cat((past[1], v), 2)
        y = self.seen(q, k, v)
        return self.o(y.transpose(1, 2).flatten(2)), (k, v)

    def seen(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        n, m = q.shape[2], k.shape[2]
        visible = torch.ones(n, m, dtype=torch.bool).tril(m - n)
        return scaled_dot_product_attention(q, k, v, attn_mask=visible)


class AlignedToTheFirstKey(Cached):
    def seen(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, is_causal=True)


class LooksAhead(Cached):
    def seen(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v)


def test_a_mask_aligned_to_the_first_key_is_found() -> None:
    finding = finding_of("cache", AlignedToTheFirstKey, "tokens")
    assert finding.status == "violated"
    assert "7 tokens fed one by one with 'past'" in finding.message
    assert finding.location is not None
    with open(finding.location.path) as file:
        assert "is_causal=True" in file.read().splitlines()[finding.location.line - 1]


def test_a_mask_aligned_to_the_last_key_holds() -> None:
    assert finding_of("cache", Cached, "tokens").status == "holds"


def test_where_tokens_look_ahead_each_is_held_against_its_own_prefix() -> None:
    assert finding_of("cache", LooksAhead, "tokens").status == "holds"


class OneHeadOfKeys(Attention):
    """Keys and values of one head are kept side by side, a row for each token."""

    shift = 0

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.kv = nn.Linear(dim, 2 * (dim // heads))

    def forward(
        self, x: Tensor, layer_past: Tensor | None = None, use_cache: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        q, kv = self.split(self.q(x)), self.kv(x)
        if layer_past is not None:
            kv = torch.cat((layer_past, kv), 1)
        k, v = (t[:, None] for t in kv.chunk(2, -1))
        n, m = q.shape[2], k.shape[2]
        visible = torch.ones(n, m, dtype=torch.bool).tril(m - n if self.shift == 0 else 0)
        y = scaled_dot_product_attention(q, k, v, attn_mask=visible)
        y = self.o(y.transpose(1, 2).flatten(2))
        return (y, kv) if use_cache else y


class OneHeadMisaligned(OneHeadOfKeys):
    shift = 1


def test_a_cache_of_one_tensor_with_a_row_for_each_token_is_used() -> None:
    assert finding_of("cache", OneHeadOfKeys, "tokens").status == "holds"
    assert finding_of("cache", OneHeadMisaligned, "tokens").status == "violated"


def test_what_keeps_nothing_is_skipped() -> None:
    assert finding_of("cache", Attention, "tokens").status == "skipped"


class KeyValueCache:
    def __init__(self) -> None:
        self.k: Tensor | None = None
        self.v: Tensor | None = None

    def update(self, k: Tensor, v: Tensor) -> Past:
        if self.k is not None and self.v is not None:
            k, v = torch.cat((self.k, k), 2), torch.cat((self.v, v), 2)
        self.k, self.v = k, v
        return k, v


class StaticCache:
    def __init__(self, batch: int, max_len: int, heads: int, head_dim: int, dtype: Any) -> None:
        shape = (batch, heads, max_len, head_dim)
        self.k, self.v = torch.zeros(shape, dtype=dtype), torch.zeros(shape, dtype=dtype)

    def store(self, k: Tensor, v: Tensor, start: int) -> Past:
        end = start + k.shape[2]
        self.k[:, :, start:end], self.v[:, :, start:end] = k, v
        return self.k[:, :, :end], self.v[:, :, :end]


class Flagged(Cached):
    """Returns its keys and values only where it is asked to."""

    def forward(  # type: ignore[override]
        self, x: Tensor, layer_past: Past | None = None, use_cache: bool = False
    ) -> Any:
        y, present = super().forward(x, layer_past)
        return (y, present) if use_cache else (y,)


class Filled(Cached):
    """Fills an object in place and returns nothing of it."""

    def forward(self, x: Tensor, cache: KeyValueCache | None = None) -> Any:  # type: ignore[override]
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if cache is not None:
            k, v = self.stored(cache, k, v)
        y = self.seen(q, k, v)
        return self.o(y.transpose(1, 2).flatten(2))

    def stored(self, cache: Any, k: Tensor, v: Tensor) -> Past:
        found: Past = cache.update(k, v)
        return found


class Static(Filled):
    def forward(  # type: ignore[override]
        self, x: Tensor, kv_cache: StaticCache | None = None, start_pos: int = 0
    ) -> Any:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if kv_cache is not None:
            k, v = kv_cache.store(k, v, start_pos)
        return self.o(self.seen(q, k, v).transpose(1, 2).flatten(2))


class InADict(Filled):
    def forward(self, x: Tensor, cache: dict[str, Tensor] | None = None) -> Any:  # type: ignore[override]
        return super().forward(x, cache)  # type: ignore[arg-type]

    def stored(self, cache: Any, k: Tensor, v: Tensor) -> Past:
        if "k" in cache:
            k, v = torch.cat((cache["k"], k), 2), torch.cat((cache["v"], v), 2)
        cache["k"], cache["v"] = k, v
        return k, v


class AsLibrariesHaveIt(Filled):
    def forward(self, x: Tensor, past_key_values: Any = None) -> Any:  # type: ignore[override]
        return super().forward(x, past_key_values)

    def stored(self, cache: Any, k: Tensor, v: Tensor) -> Past:
        assert not isinstance(cache, (KeyValueCache, StaticCache, dict))
        found: Past = cache.update(k, v, 0, {"kind": "dynamic"})
        return found


class Inside(Cached):
    """Keeps keys and values in buffers of its own, up to a position."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.register_buffer("cache_k", torch.zeros(8, heads, 128, dim // heads))
        self.register_buffer("cache_v", torch.zeros(8, heads, 128, dim // heads))

    def forward(self, x: Tensor, start_pos: int | None = None) -> Any:  # type: ignore[override]
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if start_pos is not None:
            b, end = len(x), self.end(start_pos, x.shape[1])
            self.cache_k[:b, :, start_pos : start_pos + x.shape[1]] = k.detach()
            self.cache_v[:b, :, start_pos : start_pos + x.shape[1]] = v.detach()
            k, v = self.cache_k[:b, :, :end], self.cache_v[:b, :, :end]
        return self.o(self.seen(q, k, v).transpose(1, 2).flatten(2))

    def end(self, start: int, count: int) -> int:
        return start + count


class WithAReset(Cached):
    """Keeps them behind a flag until it is told to forget."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.k_cache: Tensor | None = None
        self.v_cache: Tensor | None = None

    def reset_cache(self) -> None:
        self.k_cache = self.v_cache = None

    def forward(self, x: Tensor, use_cache: bool = False) -> Any:  # type: ignore[override]
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if use_cache:
            if self.k_cache is not None and self.v_cache is not None:
                k, v = torch.cat((self.k_cache, k), 2), torch.cat((self.v_cache, v), 2)
            self.k_cache, self.v_cache = k, v
        return self.o(self.seen(q, k, v).transpose(1, 2).flatten(2))


class Windowed(Cached):
    """Keeps what its window of sixteen tokens can still see, and no more."""

    window = 16

    def forward(self, x: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        y, (k, v) = super().forward(x, past)
        return y, (k[:, :, -self.kept() :], v[:, :, -self.kept() :])

    def kept(self) -> int:
        return self.window

    def seen(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        n, m = q.shape[2], k.shape[2]
        gap = torch.arange(n)[:, None] + (m - n) - torch.arange(m)
        visible = (gap >= 0) & (gap < self.window)
        return scaled_dot_product_attention(q, k, v, attn_mask=visible)


class CausalByItsMask(Cached):
    """Nothing but the caller's mask hides the future."""

    def forward(  # type: ignore[override]
        self, x: Tensor, mask: Tensor | None = None, past: Past | None = None
    ) -> tuple[Tensor, Past]:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if past is not None:
            k, v = torch.cat((past[0], k), 2), torch.cat((past[1], v), 2)
        scores = q @ k.mT * self.scale(q)
        if mask is not None:
            assert mask.ndim == 4
            assert mask.shape[2] == q.shape[2]
            scores = scores + mask
        return self.o((scores.softmax(-1) @ v).transpose(1, 2).flatten(2)), (k, v)


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (Flagged, "'layer_past'"),
        (Filled, "a KeyValueCache"),
        (Static, "a StaticCache"),
        (InADict, "a dict"),
        (AsLibrariesHaveIt, "a cache that grows"),
        (Inside, "its own 'cache_k'"),
        (WithAReset, "its own 'k_cache'"),
        (Windowed, "'past'"),
        (CausalByItsMask, "'past'"),
    ],
)
def test_a_right_cache_holds_wherever_it_lies(right: type[nn.Module], words: str) -> None:
    finding = finding_of("cache", right, "tokens")
    assert finding.status == "holds", finding.message
    assert words in finding.message


class NoMaskInThePrompt(Filled):
    def seen(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return super().seen(q, k, v) if self.whole else scaled_dot_product_attention(q, k, v)

    whole = True

    def stored(self, cache: Any, k: Tensor, v: Tensor) -> Past:
        self.whole = False
        return super().stored(cache, k, v)

    def forward(self, x: Tensor, cache: KeyValueCache | None = None) -> Any:  # type: ignore[override]
        self.whole = True
        return super().forward(x, cache)


class NewBeforeOld(Cached):
    def forward(self, x: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if past is not None:
            k, v = torch.cat((k, past[0]), 2), torch.cat((past[1], v), 2)
        y = self.seen(q, k, v)
        return self.o(y.transpose(1, 2).flatten(2)), (k, v)


class CutShort(Cached):
    def forward(self, x: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        y, (k, v) = super().forward(x, past)
        return y, (k[:, :, -48:], v[:, :, -48:])


class CutBelowItsWindow(Windowed):
    def kept(self) -> int:
        return self.window - 4


class PlacesStartAnew(Cached):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.places = nn.Parameter(torch.randn(256, dim))

    def forward(self, x: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        x = x + self.places[: x.shape[1]]
        return super().forward(x, past)


class HearsWhatIsLeft(Inside):
    """Attends to the whole buffer, what is not yet written too."""

    def end(self, start: int, count: int) -> int:
        return 128

    def seen(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        n, m = q.shape[2], k.shape[2]
        visible = torch.ones(n, m, dtype=torch.bool).tril(0 if n > 1 or m == n else m)
        return scaled_dot_product_attention(q, k, v, attn_mask=visible)


class NeverForgets(WithAReset):
    def reset_cache(self) -> None:
        self.v_cache = self.v_cache


class WrittenInPlace(Cached):
    def forward(self, x: Tensor, past: Any = None) -> Any:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        held = past if past is not None else []
        held.append((k, v))
        k, v = (torch.cat([pair[i] for pair in held], 2) for i in (0, 1))
        return self.o(self.seen(q, k, v).transpose(1, 2).flatten(2)), held


@pytest.mark.parametrize(
    ("faulty", "words", "line"),
    [
        (NoMaskInThePrompt, "in one piece", "return super().seen"),
        (NewBeforeOld, "one by one", "torch.cat((k, past[0])"),
        (CutShort, "the cache is cut short", ""),
        (CutBelowItsWindow, "the cache is cut short", ""),
        (PlacesStartAnew, "one by one", "x = x + self.places"),
        (HearsWhatIsLeft, "", ""),
        (NeverForgets, "", ""),
        (WrittenInPlace, "two continuations", ""),
    ],
)
def test_a_cache_that_gives_something_else_is_found(
    faulty: type[nn.Module], words: str, line: str
) -> None:
    finding = finding_of("cache", faulty, "tokens")
    assert finding.status == "violated", finding.message
    assert words in finding.message
    assert finding.location is not None
    with open(finding.location.path) as file:
        text = file.read().splitlines()[finding.location.line - 1]
    assert line in text
    assert "def forward" not in text


class Unheard(Filled):
    """A cache of a kind that nobody can guess."""

    def forward(self, x: Tensor, cache: Any = None) -> Any:
        return super().forward(x, cache)

    def stored(self, cache: Any, k: Tensor, v: Tensor) -> Past:
        cache.pages.append(k, v)
        found: Past = cache.gather()
        return found


class KeysFromElsewhere(LooksAhead):
    """``kv`` is what is attended to, and no cache."""

    def forward(self, x: Tensor, kv: Tensor | None = None) -> Tensor:  # type: ignore[override]
        return self.attend(x, x if kv is None else kv)


def test_keys_from_elsewhere_are_no_cache() -> None:
    assert finding_of("cache", KeysFromElsewhere, "tokens").status == "skipped"


def test_a_cache_that_cannot_be_tried_is_undecided() -> None:
    finding = finding_of("cache", Unheard, "tokens")
    assert finding.status == "undecided"
    assert finding.required


class EmptyAtFirst(Cached):
    """An empty tuple asks for a cache, ``None`` for none."""

    def forward(self, x: Tensor, past: Past | tuple[()] | None = None) -> tuple[Tensor, Any]:
        y, new = super().forward(x, past or None)  # type: ignore[arg-type]
        return y, None if past is None else new


class EmptyAndMisaligned(EmptyAtFirst):
    def seen(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, is_causal=True)


def test_an_empty_tuple_may_ask_for_a_cache() -> None:
    assert finding_of("cache", EmptyAtFirst, "tokens").status == "holds"
    assert finding_of("cache", EmptyAndMisaligned, "tokens").status == "violated"


class OfTheContextAlone(LooksAhead):
    """Whisper's: keys by the layer that makes them, looked up where there is a context."""

    def forward(  # type: ignore[override]
        self, x: Tensor, xa: Tensor | None = None, kv_cache: Any = None
    ) -> tuple[Tensor, Past]:
        if kv_cache is None or xa is None or self.k not in kv_cache:
            k, v = (layer(x if xa is None else xa) for layer in (self.k, self.v))
        else:
            k, v = kv_cache[self.k], kv_cache[self.v]
        q, k, v = self.split(self.q(x)), self.split(k), self.split(v)
        return self.o(self.seen(q, k, v).transpose(1, 2).flatten(2)), (k, v)


class NeverLookedAt(OfTheContextAlone):
    def forward(  # type: ignore[override]
        self, x: Tensor, xa: Tensor | None = None, kv_cache: Any = None
    ) -> tuple[Tensor, Past]:
        return super().forward(x, xa)


class LookedAtAnyway(OfTheContextAlone):
    def forward(  # type: ignore[override]
        self, x: Tensor, xa: Tensor | None = None, kv_cache: Any = None
    ) -> tuple[Tensor, Past]:
        return super().forward(x if kv_cache is None or len(kv_cache) < 9 else -x, xa, kv_cache)


def test_a_cache_that_only_a_context_reads_says_nothing_of_a_call_without_one() -> None:
    finding = finding_of("cache", OfTheContextAlone, "tokens")
    assert finding.status == "skipped"
    assert "'kv_cache' is read only where 'xa' is given" in finding.message
    for other in (NeverLookedAt, LookedAtAnyway):
        assert finding_of("cache", other, "tokens").status == "undecided"
