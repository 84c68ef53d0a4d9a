"""An upload on its way in: a form, whose fields are collected and checked as they end, or the file itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from services.gateway.fields import FILE, UPLOAD, FormKind, UploadForm, check_name, check_size, form_of, parse_field
from services.gateway.intake import Intake
from services.gateway.multipart import FormReader, MalformedFormError, PartBegun, PartData, Piece
from services.gateway.problems import ProblemError, ProblemKind
from services.gateway.raw_file import RawFile
from services.gateway.request import UploadRequest, reader_of

OpenFile = Callable[[str | None], Awaitable[Intake]]


class Reception:
    """Reads a form chunk by chunk; `open_file` is called with the file's name when the file begins."""

    def __init__(self, reader: FormReader, open_file: OpenFile, kind: FormKind = UPLOAD) -> None:
        self._reader = reader
        self._kind = kind
        self._open_file = open_file
        self._fields: dict[str, str | None] = {}
        self._part = ""
        self._value = bytearray()
        self._intake: Intake | None = None

    async def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body.

        Raises:
            ProblemError: as soon as it is certain that the form cannot be accepted.
        """
        try:
            pieces = self._reader.feed(chunk)
        except MalformedFormError as error:
            raise ProblemError(ProblemKind.MALFORMED_BODY, f"The form cannot be read: {error}.") from error
        for piece in pieces:
            await self._take(piece)

    def finish(self) -> tuple[UploadForm, Intake]:
        """Say what the whole form was.

        Raises:
            ProblemError: it is cut off, or something is missing in it.
        """
        if not self._reader.complete:
            detail = "The body ends before the form's closing boundary: nothing was accepted. Send it again."
            raise ProblemError(ProblemKind.INCOMPLETE_BODY, detail)
        if self._intake is None:
            detail = "Send the file in a form field that is called file."
            raise ProblemError(ProblemKind.MISSING_FIELD, detail, field=FILE)
        form = form_of(self._fields, self._kind)
        if self._intake.size_bytes == 0:
            raise _empty()
        return form, self._intake

    async def _take(self, piece: Piece) -> None:
        if isinstance(piece, PartBegun):
            await self._begin(piece)
        elif isinstance(piece, PartData):
            await self._data(piece.data)
        elif self._part != FILE:
            self._fields[self._part] = parse_field(self._part, bytes(self._value))

    async def _begin(self, part: PartBegun) -> None:
        self._part = part.name
        self._value.clear()
        if part.name in self._fields or (part.name == FILE and self._intake is not None):
            detail = f"The form has {part.name} twice; send one file with its fields in each request."
            raise ProblemError(ProblemKind.REPEATED_FIELD, detail, field=part.name)
        if part.name == FILE:
            self._intake = await self._open_file(part.filename)
        else:
            check_name(part.name, self._kind)

    async def _data(self, data: bytes) -> None:
        if self._part == FILE and self._intake is not None:
            await self._intake.write(data)
            return
        check_size(self._part, len(self._value) + len(data))
        self._value += data


class FileReception:
    """Reads a body that is the file itself, and is whole when the request is."""

    def __init__(self, raw: RawFile, open_file: OpenFile, kind: FormKind = UPLOAD) -> None:
        del kind  # the form was parsed before
        self._raw = raw
        self._open_file = open_file
        self._intake: Intake | None = None

    async def feed(self, chunk: bytes) -> None:
        """See `Reception.feed`."""
        if not chunk:
            return
        if self._intake is None:
            self._intake = await self._open_file(self._raw.filename)
        self._raw.digests.update(chunk)
        await self._intake.write(chunk)

    def finish(self) -> tuple[UploadForm, Intake]:
        """Say what the file is.

        Raises:
            ProblemError: it is empty, or not the one whose digest was sent.
        """
        if self._intake is None:
            raise _empty()
        self._raw.digests.verify(self._intake.sha256)
        return self._raw.form, self._intake


Receiving = Reception | FileReception
Begin = Callable[[OpenFile, FormKind], Receiving]


def reception_of(request: UploadRequest) -> Begin:
    """How the body of a request is read.

    Raises:
        ProblemError: it is no form, and should be one.
    """
    if request.raw is not None:
        return partial(FileReception, request.raw)
    return partial(Reception, reader_of(request.content_type))


def _empty() -> ProblemError:
    return ProblemError(ProblemKind.EMPTY_FILE, "The file has no bytes; is it the right one?", field=FILE)
