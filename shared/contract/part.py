"""What every part of a contract is: immutable, and strict about its fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A model whose fields are described by the texts below them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
