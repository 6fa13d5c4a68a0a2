"""The base's parameters as a class that lays them out otherwise names and orders them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

State = dict[str, Tensor]


def _swapped(first: str, second: str) -> Callable[[State], State]:
    """Exchange two layers."""

    def relabel(state: State) -> State:
        other = {first: second, second: first}
        return {
            name: state[
                ".".join((other.get(name.split(".")[0], name.split(".")[0]), *name.split(".")[1:]))
            ]
            for name in state
        }

    return relabel


def _joined(layers: dict[str, str]) -> Callable[[State], State]:
    """Return each new parameter as the old ones, named with commas, one under another."""

    def relabel(state: State) -> State:
        return {
            new: torch.cat([state[old] for old in olds.split(",")]) for new, olds in layers.items()
        }

    return relabel


def _both(layers: dict[str, str]) -> Callable[[State], State]:
    """As ``_joined``, of weights and biases."""
    ends = (".weight", ".bias")
    return _joined(
        {
            new + end: ",".join(old + end for old in olds.split(","))
            for new, olds in layers.items()
            for end in ends
        }
    )


def _packed(new: str, queries: str, rest: dict[str, str]) -> Callable[[State], State]:
    """Return torch's packed projections, with biases of zero where there were none."""
    names = queries.split(",")

    def relabel(state: State) -> State:
        weight = torch.cat([state[f"{name}.weight"] for name in names])
        biases = [state.get(f"{n}.bias", torch.zeros(len(state[f"{n}.weight"]))) for n in names]
        out = {f"{new}.in_proj_weight": weight, f"{new}.in_proj_bias": torch.cat(biases)}
        for to, old in rest.items():
            out |= {f"{to}.{end}": state[f"{old}.{end}"] for end in ("weight", "bias")}
        return out

    return relabel


def _rows(
    layer: str, shape: tuple[int, ...], axis: int, order: list[int]
) -> Callable[[State], State]:
    """Reorder the rows of a fused layer: cut as ``shape``, ``order`` of ``axis``."""

    def relabel(state: State) -> State:
        out = dict(state)
        for end in ("weight", "bias"):
            old = state[f"{layer}.{end}"]
            index = torch.arange(len(old)).view(shape).index_select(axis, torch.tensor(order))
            out[f"{layer}.{end}"] = old[index.flatten()]
        return out

    return relabel


def _separate(state: State) -> State:
    out = {f"out_proj.{end}": state[f"c_proj.{end}"] for end in ("weight", "bias")}
    for end in ("weight", "bias"):
        for name, part in zip("qkv", state[f"c_attn.{end}"].chunk(3), strict=True):
            out[f"{name}_proj.{end}"] = part
    return out


def _falcon(state: State) -> State:
    fused = state["query_key_value.weight"]
    width = fused.shape[1]
    return {
        "q_proj.weight": fused[:width],
        "kv_proj.weight": fused[width:],
        "out_proj.weight": state["dense.weight"],
    }


def _by_head(state: State) -> State:
    out = dict(state)
    for end in ("weight", "bias"):
        old = state[f"qkv.{end}"]
        out[f"qkv.{end}"] = old[torch.arange(len(old)).view(3, 4, -1).transpose(0, 1).flatten()]
    return out


def _reversed(state: State) -> State:
    tables = {name: state[name].flip(0) for name in ("keys.weight", "values.weight")}
    return state | tables


RELABELLED: dict[str, Callable[[State], State]] = {
    "BertExchanged": _swapped("query", "key"),
    "BertFusedKVQ": _both({"kvq": "key,value,query", "dense": "dense"}),
    "BertTorch": _packed("attn", "query,key,value", {"attn.out_proj": "dense"}),
    "CrossFused": _joined(
        {
            "to_q.weight": "to_q.weight",
            "to_kv.weight": "to_k.weight,to_v.weight",
            "to_out.weight": "to_out.weight",
            "to_out.bias": "to_out.bias",
        }
    ),
    "CrossTorch": _packed("mha", "to_q,to_k,to_v", {"mha.out_proj": "to_out"}),
    "GptExchanged": _rows("c_attn", (3, -1), 0, [1, 0, 2]),
    "GptSeparate": _separate,
    "LlamaFused": _joined(
        {"wqkv.weight": "q_proj.weight,k_proj.weight,v_proj.weight", "wo.weight": "o_proj.weight"}
    ),
    "T5Exchanged": _swapped("q", "k"),
    "T5Fused": _joined(
        {
            "to_qkv.weight": "q.weight,k.weight,v.weight",
            "to_out.weight": "o.weight",
            "bias": "relative_attention_bias.weight",
        }
    ),
    "BloomExchanged": _rows("query_key_value", (4, 3, -1), 1, [1, 0, 2]),
    "FalconSeparate": _falcon,
    "CachedExchanged": _swapped("q_proj", "k_proj"),
    "CachedFused": _both({"qkv": "q_proj,k_proj,v_proj", "proj": "out_proj"}),
    "RoFormerExchanged": _swapped("query", "key"),
    "RelativeReversed": _reversed,
    "ViTExchanged": _rows("qkv", (3, -1), 0, [1, 0, 2]),
    "ViTInterleaved": _by_head,
    "LayerExchanged": _swapped("w_q", "w_k"),
    "LayerTorch": _packed(
        "self_attn",
        "w_q,w_k,w_v",
        {
            "self_attn.out_proj": "w_o",
            "ffn.0": "linear1",
            "ffn.2": "linear2",
            "norm1": "norm1",
            "norm2": "norm2",
        },
    ),
}
