"""The servers and services in containers: which engine, which images, and `docker compose` over both."""
