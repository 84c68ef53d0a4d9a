"""The command line in this process, as a person calls it."""

from __future__ import annotations

import pytest

from services import cli


def run(*arguments: object) -> int:
    """Its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["ingest", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    code = ended.value.code
    assert isinstance(code, int)
    return code
