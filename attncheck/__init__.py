"""attncheck holds PyTorch attention modules against what their papers say must be true."""

__version__ = "0.1.0"
