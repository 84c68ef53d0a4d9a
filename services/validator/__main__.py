"""`python -m services.validator`."""

from __future__ import annotations

import sys

from services.validator.app import NAME, create_app
from services.validator.engine.confinement import conceal
from services.validator.settings import ValidatorSettings
from shared.service import run_service

if __name__ == "__main__":
    conceal()
    sys.exit(run_service(NAME, ValidatorSettings, create_app))
