"""Each kind of server: its configuration, its start, its readiness."""
