"""The stack's secrets, kept across starts, and the profile that tells clients and services where everything is."""

from __future__ import annotations

import base64
import json
import os
import secrets
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from stack.settings import StackSettings

LOOPBACK = "127.0.0.1"
REGION = "us-east-1"
BUCKET = "ingest"
DATABASE = "ingest"
DATABASE_USER = "ingest"
SERVICES = ("gateway", "validator", "submitter", "monitor", "projector")

_PRIVATE = 0o600


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What is random in a stack: made once, forgotten by `reset`."""

    db_password: str
    s3_access_key: str
    s3_secret_key: str
    kafka_cluster_id: str
    api_key: str

    @classmethod
    def make(cls) -> Secrets:
        """Draw new ones; safe in a URL, a properties file and a shell."""
        return cls(
            db_password=secrets.token_hex(16),
            s3_access_key=secrets.token_hex(10).upper(),
            s3_secret_key=secrets.token_hex(20),
            kafka_cluster_id=_cluster_id(),
            api_key=new_api_key(),
        )


def new_api_key() -> str:
    """Draw an API key of the gateway: `ingest setup` makes it an administrator's."""
    return f"ik_{secrets.token_hex(8)}_{secrets.token_hex(32)}"


def _cluster_id() -> str:
    """Draw an id as Kafka writes it: 22 characters of URL-safe base64 that do not begin with a dash."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")


def load_secrets(state: Path) -> Secrets:
    """Read the stack's secrets; make and keep what is not there."""
    file = state / "secrets.json"
    kept = json.loads(file.read_text()) if file.exists() else {}
    all_of_them = asdict(Secrets.make()) | kept
    if all_of_them != kept:
        write_private(file, json.dumps(all_of_them))
    return Secrets(**all_of_them)


def write_private(file: Path, text: str) -> None:
    """Write `file` so that nobody but its owner reads it and nobody ever sees half of it."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)  # mode 0600
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    Path(name).replace(file)


def render(settings: StackSettings, secret: Secrets) -> dict[str, str]:
    """Compose the profile: the variables that services, tests and the command line read."""

    def at(name: str) -> str:
        return f"{LOOPBACK}:{settings.port(name)}"

    ports = {f"{name.upper()}_PORT": str(settings.port(name)) for name in SERVICES}
    return {
        "S3_ENDPOINT_URL": f"http://{at('versitygw')}",
        "S3_BUCKET_NAME": BUCKET,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": secret.s3_access_key,
        "AWS_SECRET_ACCESS_KEY": secret.s3_secret_key,
        "DB_HOST": LOOPBACK,
        "DB_PORT": str(settings.port("postgres")),
        "DB_USER": DATABASE_USER,
        "DB_PASSWORD": secret.db_password,
        "DB_NAME": DATABASE,
        "KAFKA_BOOTSTRAP_SERVERS": at("kafka"),
        "DRUID_URL": f"http://{at('router')}",
        **ports,
        "INGEST_API_URL": f"http://{at('gateway')}",
        "INGEST_API_KEY": secret.api_key,
    }


def to_text(values: Mapping[str, str]) -> str:
    """Write a profile as KEY=VALUE lines, readable by a shell and by dotenv alike."""
    return "".join(f"{key}={value}\n" for key, value in values.items())
