"""What the data inputs of ``forward`` are, by the names that people give them."""

from __future__ import annotations

from collections.abc import Mapping

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
        *("xk", "key_value_states", "memory_bank", "cross", "cond_emb", "text", "x_context"),
    ),
    "value": ("v", "value", "values", "x_v", "value_states", "xv"),
    "gate": ("g", "gate", "gating", "gating_signal", "signal", "gate_signal", "g_signal"),
}
"""role -> names that people give to the data inputs of ``forward``."""

_NUMBERS = {"h": "H", "height": "H", "w": "W", "width": "W"}


def role_named(parameter: str) -> str:
    """Return the role of a data parameter of ``forward`` by its name: query, key, … or ``""``."""
    lowered = parameter.lower()
    return next((role for role, names in _ROLES.items() if lowered in names), "")


def number_named(parameter: str) -> str:
    """Return the dim, H or W, that a parameter of ``forward`` takes as a number, or ``""``."""
    return _NUMBERS.get(parameter.lower(), "")
