"""`python -m services.submitter`."""

from __future__ import annotations

import sys

from services.submitter.app import NAME, create_app
from services.submitter.settings import SubmitterSettings
from shared.service import run_service

if __name__ == "__main__":
    sys.exit(run_service(NAME, SubmitterSettings, create_app))
