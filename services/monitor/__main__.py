"""`python -m services.monitor`."""

from __future__ import annotations

import sys

from services.monitor.app import NAME, create_app
from services.monitor.settings import MonitorSettings
from shared.service import run_service

if __name__ == "__main__":
    sys.exit(run_service(NAME, MonitorSettings, create_app))
