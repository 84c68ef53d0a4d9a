from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from services.gateway.api_keys import ApiKey
from stack import profile
from stack.settings import StackSettings, default_cache


def test_secrets_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    first = profile.load_secrets(tmp_path)
    assert profile.load_secrets(tmp_path) == first
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert profile.Secrets.make() != first


def test_a_cluster_id_is_one_that_kafka_takes() -> None:
    ids = [profile.Secrets.make().kafka_cluster_id for _ in range(50)]
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", one) for one in ids)


def test_the_profile_needs_no_quotes_and_names_everything() -> None:
    values = profile.render(StackSettings(), profile.Secrets.make())
    assert all(re.fullmatch(r"[A-Z0-9_]+=[A-Za-z0-9_.:/-]+", line) for line in profile.to_text(values).splitlines())
    assert set(values) == {
        *("S3_ENDPOINT_URL", "S3_BUCKET_NAME", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        *("DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD", "DB_NAME", "KAFKA_BOOTSTRAP_SERVERS", "DRUID_URL"),
        *("GATEWAY_PORT", "VALIDATOR_PORT", "SUBMITTER_PORT", "MONITOR_PORT", "PROJECTOR_PORT", "INGEST_API_URL"),
        "INGEST_API_KEY",
    }


def test_a_private_file_replaces_the_old_one_whole(tmp_path: Path) -> None:
    file = tmp_path / "profile.env"
    file.write_text("old")
    file.chmod(0o644)
    profile.write_private(file, "new")
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_the_cache_lies_where_the_user_of_postgresql_can_read_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    home = tmp_path / ".cache" / "ingest-stack"
    assert default_cache(is_root=True, environment={}, home=tmp_path) == Path("/var/cache/ingest-stack")
    assert default_cache(is_root=False, environment={}, home=tmp_path) == home
    given = {"XDG_CACHE_HOME": "/elsewhere"}
    assert default_cache(is_root=True, environment=given, home=tmp_path) == Path("/elsewhere/ingest-stack")
    tmp_path.chmod(0o755)
    assert default_cache(is_root=True, environment={}, home=tmp_path) == home


def test_a_secret_that_an_older_release_did_not_have_is_drawn_and_the_others_stay(tmp_path: Path) -> None:
    first = profile.load_secrets(tmp_path)
    file = tmp_path / "secrets.json"
    kept = json.loads(file.read_text())
    del kept["api_key"]
    file.write_text(json.dumps(kept))
    second = profile.load_secrets(tmp_path)
    assert ApiKey.parse(second.api_key)
    assert replace(second, api_key=first.api_key) == first
    assert profile.load_secrets(tmp_path) == second
