"""What every part of an event's body is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Base of everything in a body: immutable, and deaf to fields of later versions."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)
