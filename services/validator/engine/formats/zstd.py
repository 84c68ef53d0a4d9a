"""Zstandard: in the standard library from Python 3.14 on, and the same module as a package before."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
else:
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

__all__ = ["DecompressionParameter", "ZstdDecompressor", "ZstdError"]
