"""Which claims and mutation operators name which class of fault."""

from __future__ import annotations

_NAMED_BY: dict[str, str] = {
    "arguments_swapped": "inputs swapped · equivariant · invariant · reach · attends",
    "autograd_inplace": "gradient-flow · finite-differences · unmodified · equivalence",
    "batch_mixing": "batch-independence · softmax axis · axes of the input",
    "blockwise_normalisation": "weights · equivariant · invariant · mechanism by blocks",
    "bn_batch_one": "batch-of-one",
    "branch_duplicated": "operand · statistic · wrong variable · depends-on · unused",
    "causal_missing": "causality",
    "channel_argument": "constructs · runs",
    "dead_parameter": "unused · gradient-flow · equivalence",
    "device_hard_coded": "device · runs",
    "dropout_in_eval": "deterministic",
    "dtype_overflow": "half-masks · finite · dtype · autocast",
    "global_state": "global-state",
    "gqa_order": "heads",
    "gradient_cut": "gradient cut · gradient-flow · finite-differences",
    "head_merge": "heads · equivariant · reshape for permute · attends",
    "head_split": "heads · equivariant · reshape for permute · attends",
    "hidden_state": "deterministic · unmodified · serialisation · cache",
    "hw_transposed": "axes of the input · reshape for permute · shape · runs · equivariant",
    "input_mutation": "unmodified",
    "input_overwritten": "input overwritten · operand · unmodified · gate",
    "kernel_padding": "shape",
    "mask_after_softmax": "mask · masks · causality",
    "mask_axis": "mask · masks",
    "mask_dtype": "mask · masks · masked-rows · runs",
    "mask_inverted": "mask · masks · masked-rows · causality · finite",
    "never_trains": "trains · gradient-flow",
    "nondeterminism": "deterministic",
    "normalisation_missing": "scale · weights · activation · same-size-sum · step missing · linear",
    "operation_order": "step missing · logit-scale · weights · distance-slopes",
    "padding_leak": "masks · mask · masked-rows · weights",
    "permute_missing": "reshape for permute · equivariant",
    "position_not_relative": "equivariant",
    "receptive_field": "reach · unused",
    "relative_index": "equivariant · reach",
    "residual_dropped": "operand · residual · identity-at-init",
    "resolution_changed": "shape",
    "rope_layout": "equivariant · invariant · relative-positions · convention",
    "scale_wrong": "scale · logit-scale",
    "self_counted_twice": "weights · step missing",
    "serialisation": "serialisation",
    "sigmoid_missing": "activation · gate",
    "size_hard_coded": "any-size · runs · shape",
    "unregistered_buffer": "registered · serialisation · device",
    "view_not_permute": "reshape for permute · view in the wrong order · equivariant · runs · "
    "memory-layout · axes of the input",
    "window_off_by_one": "reach",
    "wrong_activation": "activation · softmax for sigmoid · gate · weights",
    "wrong_axis": "statistic · softmax axis · reach · depends-on · batch-independence · "
    "equivariant",
    "wrong_axis_softmax": "softmax axis · weights · batch-independence · attends · causality",
}


def named_by(fault_class: str) -> frozenset[str]:
    """Return the claim kinds and operators that name a class of fault; none for an unknown one."""
    return frozenset(word.strip() for word in _NAMED_BY.get(fault_class, "").split("·") if word)
