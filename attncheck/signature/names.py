"""The names that people give to constructor arguments and inputs, and what they mean by them.

A known name is known with its words in another order too.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping

STRONG: Mapping[str, tuple[str, ...]] = {
    "C": (
        "c1",
        "in_channels",
        "in_channel",
        "inchannels",
        "channels",
        "channel",
        "in_planes",
        "inplanes",
        "planes",
        "dim",
        "gate_channels",
        "gate_channel",
        "d_model",
        "embed_dim",
        "input_dim",
        "in_dim",
        "features",
        "in_features",
        "hidden_size",
        "hidden_dim",
        "num_channels",
        "n_channels",
        "emb_dim",
        "embed_size",
        "embed_dims",
        "embedding_dim",
        "model_dim",
        "query_dim",
        "inp",
        "n_embd",
        "n_state",
        "nx",
        "feats",
        "d_in",
        "ch_in",
        "c_in",
        "num_features",
        "input_channels",
        "in_ch",
        "in_chs",
        "ch",
        "nc",
        "channel_in",
        "emb_size",
        "d_hidden",
        "n_feat",
    ),
    "C2": (
        "c2",
        "oup",
        "out_channels",
        "out_channel",
        "outp",
        "outplanes",
        "out_planes",
        "out_dim",
        "output_dim",
        "ch_out",
        "c_out",
        "d_out",
        "out_ch",
        "out_chs",
        "out_features",
        "channel_out",
        "output_channels",
    ),
    "r": (
        "r",
        "reduction",
        "reduction_ratio",
        "ratio",
        "rate",
        "reduction_rate",
        "red_ratio",
        "squeeze_factor",
        "rd_ratio",
        "se_ratio",
        "reduction_factor",
    ),
    "heads": (
        "heads",
        "num_heads",
        "n_heads",
        "n_head",
        "nhead",
        "head",
        "nheads",
        "num_attention_heads",
        "num_head",
        "attention_heads",
    ),
    "k": ("k", "kernel_size", "k_size", "kernel", "ksize", "kernel_sz"),
    "H": ("height", "H", "fmap_h", "map_height", "h_size"),
    "W": ("W", "fmap_w", "map_width", "w_size"),
    "N": (
        "seq_len",
        "n_tokens",
        "num_tokens",
        "num_patches",
        "max_len",
        "block_size",
        "seq_length",
        "max_seq_len",
        "max_length",
        "context_length",
        "n_ctx",
        "sequence_length",
    ),
    "d": ("dim_head", "dim_heads", "head_dim", "d_k", "dim_k", "dh", "d_head", "d_v", "dk", "dv"),
    "D": (
        "context_dim",
        "kv_dim",
        "kdim",
        "vdim",
        "key_dim",
        "value_dim",
        "ctx_dim",
        "memory_dim",
        "cross_attention_dim",
        "ctx",
        "encoder_dim",
        "enc_dim",
        "enc_hid_dim",
        "d_context",
        "key_size",
        "values_dim",
        "context_size",
    ),
    "size": (
        "fmap",
        "fmap_size",
        "resolution",
        "feat_size",
        "feature_size",
        "image_size",
        "img_size",
        "input_resolution",
        "input_size",
        "feature_map_size",
    ),
}
"""dim -> parameter names that mean it whatever else is there."""

WEAK: Mapping[str, tuple[str, ...]] = {
    "C": ("c", "d", "e", "n", "width", "hidden", "size", "units"),
    "H": ("h", "height"),
    "W": ("w", "width"),
    "N": ("n", "length", "block"),
    "heads": ("h",),
    "r": ("b",),
    "h": ("squeeze_channels", "squeezed_channels", "reduced_channels", "rd_channels"),
}
"""dim -> names that mean it only when nothing else does."""

_AXES = ("spatial_dims", "n_dims", "num_dims", "ndim", "ndims", "num_dimensions", "n_spatial_dims")

_ROLES: Mapping[str, tuple[str, ...]] = {
    "query": (
        *("q", "query", "queries", "x", "x_q", "q_x", "query_states", "tgt", "target", "hidden"),
        *("xq", "decoder_hidden", "dec_hidden", "decoder_state", "x1", "inputs_q", "hidden_states"),
        *("skip", "skip_connection", "x_skip", "x_l", "skip_x"),
    ),
    "key": (
        *("k", "key", "keys", "x_k", "key_states", "memory", "context", "mem", "kv", "x_kv"),
        *("encoder_outputs", "enc_outputs", "encoder_hidden_states", "encoder_output", "src"),
        *("enc_output", "source", "ctx", "encoder_out", "enc", "x2", "inputs_kv", "kv_x", "cond"),
        *("xk", "xa", "key_value_states", "memory_bank", "cross", "cond_emb", "text", "x_context"),
    ),
    "value": ("v", "value", "values", "x_v", "value_states", "xv"),
    "gate": ("g", "gate", "gating", "gating_signal", "signal", "gate_signal", "g_signal"),
}
"""role -> names that people give to the data inputs of ``forward``."""

_NUMBERS = {"h": "H", "height": "H", "w": "W", "width": "W"}

_COUNTING = frozenset(("n", "num", "nums", "nb", "no", "nr", "number", "of", "total", "count"))


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SIZED = _set(
    "dim dims dimension channel ch chs width size feature feat plane unit d c hidden embed "
    "embedding embd emb model state depth filter hid"
)
"""Words that say that a number is a width."""
_WHOSE: Mapping[str, frozenset[str]] = {
    "C": _set("in input inp query q x image img token target tgt own self base main dec decoder"),
    "D": _set(
        "key k value v kv context ctx memory mem encoder enc cross cond condition source src text"
    ),
    "C2": _set("out output o outp result"),
}
"""dim -> the words beside a width that say whose it is."""
_PLACES = _set("position place token patch seq sequence length len block context ctx")
_LIMITS = _set("max maximum size embedding")
_GROUPED = _set("key value kv k v query q group")
_HEADED = _set("attention attn att self multi")


def dim_named(parameter: str, dims: Container[str], extra: Mapping[str, list[str]]) -> str:
    """Return the dim among ``dims`` that a parameter name surely means, or ``""``.

    ``extra`` are the spec's own names. A pair (H, W) has the name ``size``.
    """
    if parameter in dims and parameter not in ("h", "d", "w", "n"):
        return parameter
    for dim, own in extra.items():
        if parameter in own and dim in dims:
            return dim
    for dim, own in extra.items():
        # F_int is also f_int; single letters differ by their case.
        if len(parameter) > 1 and dim in dims and parameter.lower() in map(str.lower, own):
            return dim
    for dim, names in STRONG.items():
        known = dim in dims or (dim == "size" and "H" in dims)
        if known and parameter.lower() in {name.lower() for name in names}:
            return dim
    return ""


def with_sides(
    parameters: Iterable[str], extra: Mapping[str, list[str]]
) -> Mapping[str, list[str]]:
    """Return the spec's own names, with ``width`` as a side where a height stands beside it."""
    known = set(parameters)
    for high, wide in (("height", "width"), ("h", "w")):
        if {high, wide} <= known:
            return {**extra, "H": [*extra.get("H", []), high], "W": [*extra.get("W", []), wide]}
    return extra


def dim_guessed(parameter: str, dims: Mapping[str, int], taken: set[str]) -> str:
    """Return the dim, not yet taken, that a short parameter name may mean, or ``""``."""
    for dim, names in WEAK.items():
        if dim in dims and dim not in taken and parameter in names:
            return dim
    return ""


def is_dropout(parameter: str) -> bool:
    """Say whether a parameter that needs a value names a dropout probability."""
    return parameter == "p" or "drop" in parameter.lower()


def counts_axes(parameter: str) -> bool:
    """Say whether a parameter that needs a value names how many axes a map has."""
    return parameter.lower() in _AXES


def role_named(parameter: str) -> str:
    """Return the role of a data parameter of ``forward`` by its name: query, key, … or ``""``."""
    lowered = parameter.lower()
    return next((role for role, names in _ROLES.items() if lowered in names), "")


def number_named(parameter: str) -> str:
    """Return the dim, H or W, that a parameter of ``forward`` takes as a number, or ``""``."""
    return _NUMBERS.get(parameter.lower(), "")


def dim_alike(parameter: str, dims: Mapping[str, int]) -> str:
    """Return the formula that a name means by its words in whatever order, or ``""``.

    ``n_channels_in``, ``numInChannels`` and ``channel_num`` are known names, put otherwise;
    ``nums_head``, ``dim_Q``, ``n_state`` and ``places`` are put together from known words. Not
    for parameters with a default: ``dim_hidden=128`` is a width of its own.
    """
    words = _words(parameter)
    for dim, names in STRONG.items():
        if dim in dims and words and words in [_words(name) for name in names]:
            return dim
    if "head" in words:
        return _of_heads(words - _HEADED - {"head"}, dims)
    if words and words <= {"wh", "hw"}:
        return "H * W" if {"H", "W"} <= set(dims) else ""
    if words & _PLACES and words <= _PLACES | _LIMITS:
        return "N" if "N" in dims else "H * W" if {"H", "W"} <= set(dims) else ""
    if not words & _SIZED:
        return ""
    whose = words - _SIZED
    for dim, marks in _WHOSE.items():
        if whose <= marks and (whose or dim == "C"):
            return dim if dim in dims else "C" if "C" in dims else ""
    return ""


def dim_ending(parameter: str, dims: Mapping[str, int], extra: Mapping[str, list[str]]) -> str:
    """Return the dim, no width, whose name of two words or more a longer name ends with, or ``""``.

    ``sequence_reduction_ratio`` is a ``reduction_ratio``.
    """
    lowered = parameter.lower()
    for known in (extra, STRONG):
        for dim, names in known.items():
            ends = any("_" in name and lowered.endswith(f"_{name.lower()}") for name in names)
            if ends and dim in dims and dim not in ("C", "C2", "D"):
                return dim
    return ""


def _of_heads(beside: frozenset[str], dims: Mapping[str, int]) -> str:
    """Return what a name with "head" and these words means: how many there are, or how wide."""
    if beside and beside <= _GROUPED and not beside <= {"k", "v", "q"}:
        return next((dim for dim in ("kv_heads", "heads") if dim in dims), "")
    dim = "heads" if not beside else "d" if beside <= _SIZED | {"k", "v", "q"} else ""
    return dim if dim in dims else ""


def _words(name: str) -> frozenset[str]:
    found = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)
    words = (word.lower() for word in found)
    return frozenset(w[:-1] if len(w) > 3 and w[-1] == "s" else w for w in words) - _COUNTING
