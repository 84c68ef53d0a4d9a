"""What Frictionless calls the faults that it knows (framework.frictionlessdata.io, "Errors")."""

from __future__ import annotations

from collections.abc import Mapping

from .verdict import Code

NAMES: Mapping[Code, str] = {
    Code.EMPTY: "source-error",
    Code.ENCODING: "encoding-error",
    Code.GZIP_DAMAGED: "compression-error",
    Code.COMPRESSION_DAMAGED: "compression-error",
    Code.NOT_DELIMITED: "format-error",
    Code.FORMAT_DAMAGED: "format-error",
    Code.FORMAT_UNSUPPORTED: "format-error",
    Code.HEADER_INVALID: "header-error",
    Code.COUNT_MISMATCH: "row-count",
    Code.QUOTE: "row-error",
    Code.FIELD_COUNT: "row-error",
    Code.NOT_JSON: "row-error",
    Code.NOT_AN_OBJECT: "row-error",
    Code.DUPLICATE_KEY: "row-error",
    Code.TIMESTAMP_MISSING: "constraint-error",
    Code.TIMESTAMP_INVALID: "type-error",
    Code.TIMESTAMP_NONEXISTENT: "type-error",
    Code.TIMESTAMP_REPEATED: "type-error",
    Code.TYPE_ERROR: "type-error",
    Code.CONSTRAINT_ERROR: "constraint-error",
    Code.UNIQUE_ERROR: "unique-error",
    Code.PRIMARY_KEY: "primary-key",
    Code.ROW_CONSTRAINT: "row-constraint",
    Code.MISSING_LABEL: "missing-label",
    Code.EXTRA_LABEL: "extra-label",
}
"""Codes that are not here have no counterpart: limits, options, corrections, and what only a time or JSON can be."""


def frictionless_name(code: str) -> str | None:
    """The name there, None where there is none."""
    return NAMES.get(Code(code)) if code in set(Code) else None
