"""How to reach the object store, and how large the pieces are."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, SecretStr

from shared.settings import SettingsGroup

MIB = 1024 * 1024


class S3Settings(SettingsGroup):
    """Connection, credentials and transfer; variables start with S3_ or AWS_.

    Without `s3_endpoint_url` it is AWS; without keys the usual chain of AWS credentials is asked. One write holds
    `s3_parallel_parts` + 1 parts of `s3_part_bytes` in memory; parts double after every 1,000, because S3 takes 10,000.
    """

    s3_endpoint_url: str | None = None
    s3_bucket_name: str = Field(default="ingest", min_length=3, max_length=63)
    aws_region: str = "us-east-1"
    aws_access_key_id: str | None = None
    aws_secret_access_key: SecretStr | None = None
    s3_path_style: bool = True
    s3_part_bytes: int = Field(default=8 * MIB, ge=5 * MIB)
    s3_parallel_parts: int = Field(default=2, ge=1, le=16)
    s3_connections: int = Field(default=50, ge=1)
    s3_connect_timeout: timedelta = timedelta(seconds=5)
    s3_read_timeout: timedelta = timedelta(seconds=30)
    s3_attempts: int = Field(default=3, ge=1)
