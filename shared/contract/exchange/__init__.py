"""Contracts of other languages: read as ours, and ours written as theirs.

What one of the two cannot say is never dropped silently: it is in the list of losses that comes with the result.
"""

from __future__ import annotations

from .formats import LANGUAGES, Language, export_text, import_text, language_of
from .losses import Loss

__all__ = ["LANGUAGES", "Language", "Loss", "export_text", "import_text", "language_of"]
