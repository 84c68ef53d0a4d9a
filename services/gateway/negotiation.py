"""In which form something is asked for, and in which form a contract comes."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.preconditions import Form

YAML = "application/yaml"  # RFC 9512
JSON = "application/json"
FORM_OF: dict[str, Form] = {YAML: "yaml", "text/yaml": "yaml", JSON: "json"}
MEDIA_TYPE: dict[Form, str] = {"yaml": YAML, "json": JSON}


def sent_form(content_type: str) -> Form | None:
    """The form that a Content-Type names; None for another."""
    return FORM_OF.get(_media_type(content_type))


def wanted_form(accept: str | None) -> Form | None:
    """The form that an Accept header likes best; YAML when it likes both alike, None when it takes neither.

    By RFC 9110, 12.5.1: of several ranges that fit a type the most specific one counts.
    """
    if accept is None or not accept.strip():
        return "yaml"
    ranges = [_range(one) for one in accept.split(",") if one.strip()]
    liked = {form: max(_liking(media_type, ranges) for media_type in _types(form)) for form in MEDIA_TYPE}
    best = max(MEDIA_TYPE, key=lambda form: liked[form])
    return best if liked[best] > 0 else None


def wanted_type(accept: str | None, offered: Sequence[str]) -> str | None:
    """The media type that an Accept header likes best; of several the first, None when it takes none of them."""
    if accept is None or not accept.strip():
        return offered[0]
    ranges = [_range(one) for one in accept.split(",") if one.strip()]
    best = max(offered, key=lambda media_type: _liking(media_type, ranges))
    return best if _liking(best, ranges) > 0 else None


def _types(form: Form) -> list[str]:
    return [media_type for media_type, its_form in FORM_OF.items() if its_form == form]


def _liking(media_type: str, ranges: list[tuple[str, float]]) -> float:
    family = media_type.split("/", maxsplit=1)[0]
    for fitting in (media_type, f"{family}/*", "*/*"):
        for named, quality in ranges:
            if named == fitting:
                return quality
    return 0.0


def _range(text: str) -> tuple[str, float]:
    quality = 1.0
    for parameter in text.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
    return _media_type(text), quality


def _media_type(text: str) -> str:
    return text.split(";", maxsplit=1)[0].strip().lower()
