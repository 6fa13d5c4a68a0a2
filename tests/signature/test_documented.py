"""What an author writes of a mask is read where it says one thing, and only then."""

import pytest

from attncheck.signature.documented import documented_meaning

HUGGING = """
Args:
    attention_mask (`torch.Tensor` of shape `(batch_size, sequence_length)`):
        Mask to avoid performing attention on padding token indices. Mask values in `[0, 1]`:

        - 1 for tokens that are **not masked**,
        - 0 for tokens that are **masked**.
    head_mask: nothing to say.
"""
TWO = """
Args:
    x: input (1, N)
    src_mask: Boolean. Elements that are True are not allowed to attend.
    other: False keeps nothing, True keeps all
"""


@pytest.mark.parametrize(
    ("meaning", "text", "name"),
    [
        ("valid", "mask: (B, N) bool, True for real tokens and False for padding", "mask"),
        ("valid", "mask: True = keep", "mask"),
        ("valid", ":param mask: (B, 1, M) or (B, N, M), non-zero for valid frames", "mask"),
        ("valid", "mask: (B, T) with 1 for valid positions", "mask"),
        ("valid", "mask: positions with 0 are masked out", "mask"),
        ("valid", "mask: True -> attend, False -> do not attend", "mask"),
        ("valid", "mask (Tensor): real tokens are 1, padding is 0", "mask"),
        ("valid", "attn_mask: 0 = do not attend", "attn_mask"),
        ("valid", HUGGING, "attention_mask"),
        ("pad", "mask: True = masked out", "mask"),
        ("pad", "mask: [B, N] where True indicates padding positions", "mask"),
        ("pad", "mask: mask out the positions where mask is True", "mask"),
        ("pad", TWO, "src_mask"),
        ("additive", "attn_mask: added to the logits, -inf hides", "attn_mask"),
    ],
)
def test_a_sentence_that_says_what_true_means_is_read(meaning: str, text: str, name: str) -> None:
    assert documented_meaning(text, name) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mask: optional mask",
        "mask: (B, 1, N, N) attention mask",
        "mask: True keeps a token. In the decoder, True hides it",
        "other: True keeps a token",
    ],
)
def test_what_says_nothing_or_two_things_is_not_read(text: str) -> None:
    assert documented_meaning(text, "mask") == ""


def test_a_mask_of_either_kind_is_not_said_to_be_added() -> None:
    text = "mask: (batch, keys) of 1/0, or an additive mask broadcastable to the scores"
    assert documented_meaning(text, "mask") == ""
