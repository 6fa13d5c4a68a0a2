"""Operators that contract nothing: what they cost element by element, or nothing at all."""

from __future__ import annotations

from functools import cache
from typing import Any

from attncheck.lazy import torch


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MOVES = _words("""
clone copy copy_ _to_copy contiguous _unsafe_view _reshape_copy empty empty_like empty_strided
empty_permuted new_empty new_empty_strided new_zeros new_ones new_full zeros zeros_like ones
ones_like full full_like fill fill_ zero_ scalar_tensor arange linspace eye lift lift_fresh
lift_fresh_copy detach detach_ alias set_ resize_ _local_scalar_dense item _assert_async
_assert_scalar _fused_sdp_choice equal is_same_size cat stack _stack index select_scatter
slice_scatter index_select index_put index_put_ _index_put_impl_ _unsafe_index
_unsafe_index_put _unsafe_masked_index gather scatter scatter_ take
roll flip rot90 repeat repeat_interleave tile constant_pad_nd reflection_pad1d reflection_pad2d
reflection_pad3d replication_pad1d replication_pad2d replication_pad3d pixel_shuffle
pixel_unshuffle channel_shuffle im2col col2im embedding triu tril triu_indices tril_indices
masked_select masked_scatter masked_scatter_ nonzero diag_embed one_hot unfold_copy split_copy
narrow_copy slice_copy sym_size sym_stride sym_numel sym_storage_offset rand randn randint randperm
rand_like randn_like _pin_memory is_pinned unsafe_split unsafe_split_with_sizes unsafe_chunk
split_with_sizes_copy expand_copy permute_copy view_copy native_channel_shuffle block_diag
_cast_Float _cast_Half resolve_conj resolve_neg _conj_physical combinations cartesian_prod
_chunk_cat
_assert_tensor_metadata _functional_assert_async sym_constrain_range sym_constrain_range_for_size
_functional_sym_constrain_range _functional_sym_constrain_range_for_size _print resize resize_as
resize_as_ size stride dense_dim sparse_dim is_coalesced is_non_overlapping_and_dense
is_strides_like_format as_strided_scatter complex logspace hann_window randint_like
_pack_padded_sequence _nested_tensor_from_tensor_list _jagged_to_padded_dense_forward
_padded_dense_to_jagged_forward _nested_tensor_from_mask _nested_tensor_from_mask_left_aligned
_nested_from_padded _nested_from_padded_and_nested_example _nested_tensor_size
_nested_tensor_strides _nested_tensor_storage_offsets to_padded_tensor _to_dense nonzero_static
zero quantize_per_tensor
""")
"""Data only moves: no arithmetic."""

_WORKS = _words("""
native_batch_norm native_layer_norm native_group_norm cudnn_batch_norm miopen_batch_norm
_native_batch_norm_legit _native_batch_norm_legit_no_training _batch_norm_with_update
_batch_norm_no_update batch_norm_elemt batch_norm_stats _fused_rms_norm _softmax _log_softmax
_safe_softmax _masked_softmax
_transform_bias_rescale_qkv native_dropout bernoulli bernoulli_ dropout uniform_ normal_ random_
exponential_ multinomial rrelu_with_noise _prelu_kernel glu
max_pool2d_with_indices max_pool3d_with_indices adaptive_max_pool2d adaptive_max_pool3d
fractional_max_pool2d avg_pool2d avg_pool3d adaptive_avg_pool2d _adaptive_avg_pool2d
adaptive_avg_pool3d _adaptive_avg_pool3d mkldnn_adaptive_avg_pool2d mkldnn_max_pool2d
mkldnn_max_pool3d quantized_max_pool2d
upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d
_upsample_nearest_exact2d upsample_linear1d upsample_bilinear2d upsample_bicubic2d
_upsample_bilinear2d_aa _upsample_bicubic2d_aa upsample_trilinear3d grid_sampler_2d
grid_sampler_3d _grid_sampler_2d_cpu_fallback
sum mean nansum prod amax amin aminmax max min any all argmax argmin var std var_mean std_mean norm
linalg_vector_norm logsumexp median nanmedian mode cumsum cumsum_ cumprod cumprod_ cummax cummin
_cummax_helper _cummin_helper logcumsumexp diff sort topk kthvalue argsort unique_dim _unique2
unique_consecutive searchsorted bucketize histc bincount count_nonzero scatter_add scatter_add_
scatter_reduce scatter_reduce_ index_add index_add_ index_reduce index_copy index_fill index_fill_
masked_fill masked_fill_ _thnn_fused_lstm_cell _thnn_fused_gru_cell _embedding_bag
_embedding_bag_forward_only trace segment_reduce isin ger outer addr diagonal_scatter
_weight_norm_interface renorm
mse_loss nll_loss_forward nll_loss2d_forward cosine_similarity allclose isclose cross linalg_cross
binary_cross_entropy binary_cross_entropy_with_logits huber_loss smooth_l1_loss soft_margin_loss
multi_margin_loss multilabel_margin_loss_forward log_sigmoid_forward floor_divide floor_divide_
__and__ __or__ __xor__ __lshift__ __rshift__ __iand__ __ior__ __ixor__ __ilshift__ __irshift__
cauchy_ geometric geometric_ log_normal log_normal_ normal uniform exponential poisson
_standard_gamma _fused_dropout _masked_scale max_unpool2d max_unpool3d polar frexp isinf isnan
isfinite dist ldexp _unique _upsample_nearest_exact3d _upsample_lanczos2d_aa _add_relu
rrelu_with_noise_functional _native_batch_norm_legit_functional _batch_norm_with_update_functional
_unsafe_masked_index_put_accumulate heaviside copysign hardswish
""")
"""Element-wise work, reductions, norms, pooling, sorting: counted apart, never as MACs."""


@cache
def is_free(operator: Any) -> bool:
    """Say whether an operator is known to contract nothing: by torch's own tags, or by name."""
    name = base_name(operator)
    if name in _MOVES or name in _WORKS or operator.namespace in ("prim", "prims", "profiler"):
        return True
    if getattr(operator, "is_view", False):
        return True
    # An in-place or scalar overload has not always the tag that its sisters have.
    packet = getattr(getattr(torch.ops, operator.namespace), name, None)
    sisters = [getattr(packet, overload) for overload in packet.overloads()] if packet else []
    return any(_tagged(each) for each in (operator, *sisters))


def _tagged(operator: Any) -> bool:
    tags = set(operator.tags)
    known = ("pointwise", "reduction", "view_copy", "inplace_view")
    return any(getattr(torch.Tag, tag, None) in tags for tag in known)


def work_of(operator: Any, inputs: list[torch.Tensor], outputs: list[torch.Tensor]) -> int:
    """Return element-wise work: one per element of the largest tensor read or written."""
    if base_name(operator) in _MOVES or getattr(operator, "is_view", False):
        return 0
    if getattr(torch.Tag, "inplace_view", None) in set(operator.tags):
        return 0
    return max((tensor.numel() for tensor in [*inputs, *outputs]), default=0)


def base_name(operator: Any) -> str:
    """Return ``mul`` for ``aten.mul_.Tensor``: no namespace, overload, in-place or out mark."""
    name = str(operator._schema.name).split("::")[-1]
    if name in _MOVES or name in _WORKS:
        return name
    return name[:-1] if name.endswith("_") and not name.endswith("__") else name
