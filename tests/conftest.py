"""Hypothesis without a clock: a slow machine is no failure, and no test asserts a time."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_machine")
