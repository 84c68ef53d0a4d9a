"""Bodies that are JSON: how one is read, and what a command may say."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.gateway.problems import ProblemError, ProblemKind

F = TypeVar("F", bound=BaseModel)


class CommandForm(BaseModel):
    """The body of a request that something be done with a task; no body is an empty one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str | None = Field(default=None, min_length=1, max_length=1024)
    user_id: str | None = Field(default=None, min_length=1, max_length=256)


def json_form(body: bytes, kind: type[F]) -> F:
    """The request's body; none is an empty form.

    Raises:
        ProblemError: it is no such form; the detail names the field and says what was expected.
    """
    try:
        return kind.model_validate_json(body or b"{}")
    except ValidationError as error:
        first: Any = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else None
        known = ", ".join(one.alias or name for name, one in kind.model_fields.items())
        detail = f"{field or 'body'}: {first['msg']}. Send no body, or JSON with some of these fields: {known}."
        raise ProblemError(ProblemKind.INVALID_FIELD, detail, field=field) from None
