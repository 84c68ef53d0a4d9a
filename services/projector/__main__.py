"""`python -m services.projector`: run the projector until SIGTERM."""

from __future__ import annotations

import sys

from services.projector.app import create_app
from services.projector.settings import ProjectorSettings
from shared.service import run_service

if __name__ == "__main__":
    sys.exit(run_service("projector", ProjectorSettings, create_app))
