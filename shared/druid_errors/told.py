"""An explanation as a problem of a task."""

from __future__ import annotations

from shared.events import Problem

from .entry import Explanation


def told(problem: Problem, explanation: Explanation, *, more: str = "", nothing_loaded: bool = True) -> Problem:
    """The problem with what the catalogue knows of it; Druid's own text and the verdicts stand in `detail`.

    Args:
        problem: what is said of a text that the catalogue does not know; its `detail` is kept either way.
        explanation: what the catalogue says.
        more: a sentence that follows the catalogue's.
        nothing_loaded: no row of the load is in Druid. With rows there, no load is safe to retry.
    """
    detail = {
        **problem.detail,
        "druid_message": explanation.druid_message,
        "whose_fault": explanation.whose_fault.value,
        "safe_to_retry": explanation.safe_to_retry and nothing_loaded,
    }
    if explanation.code is None:
        return problem.model_copy(update={"detail": detail})
    message = " ".join(part for part in (explanation.cause, explanation.what_to_do, more) if part)
    return Problem(code=explanation.code, message=message, detail=detail)
