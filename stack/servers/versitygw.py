"""versitygw: S3 over a folder."""

from __future__ import annotations

import os
from http import HTTPStatus

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from stack import cache
from stack.http_probe import Answer, ask
from stack.process import Command
from stack.profile import BUCKET, LOOPBACK, REGION
from stack.server import Context, NotReadyError, Server


def server(context: Context) -> Server:
    """Define versitygw, with its root account's keys in its environment, where no `ps` shows them."""
    home = context.state / "versitygw"
    port = context.settings.port("versitygw")
    program = cache.folder(context.settings.cache, "versitygw") / "versitygw"
    # Without an IAM folder a wrong key is answered with 404 instead of 403.
    arguments = ("--region", REGION, "--port", f"{LOOPBACK}:{port}", "--iam-dir", str(home / "iam"), "posix")
    command = Command(
        argv=(str(program), *arguments, str(home / "data")),
        cwd=context.state,
        env={
            "PATH": os.defpath,
            "TZ": "UTC",
            "ROOT_ACCESS_KEY": context.secret.s3_access_key,
            "ROOT_SECRET_KEY": context.secret.s3_secret_key,
        },
    )

    def prepare() -> None:
        for name in ("iam", "data"):
            (home / name).mkdir(parents=True, exist_ok=True)

    async def probe() -> None:
        await _bucket_exists(context)

    return Server(
        name="versitygw",
        command=command,
        ports=("versitygw",),
        probe=probe,
        prepare=prepare,
        artifacts=("versitygw",),
    )


async def _bucket_exists(context: Context) -> None:
    """List the buckets with our keys, and create ours when it is not among them."""
    listed = await _signed(context, "GET", "/")
    if listed.status != HTTPStatus.OK:
        message = f"listing buckets answers {listed.status}"
        raise NotReadyError(message)
    if f"<Name>{BUCKET}</Name>".encode() in listed.body:
        return
    created = await _signed(context, "PUT", f"/{BUCKET}")
    if created.status not in {HTTPStatus.OK, HTTPStatus.CONFLICT}:
        message = f"creating the bucket {BUCKET} answers {created.status}"
        raise NotReadyError(message)


async def _signed(context: Context, method: str, path: str) -> Answer:
    """Send a request with a version 4 signature. The whole client would take 0.7 s to import, at every `status`."""
    secret = context.secret
    port = context.settings.port("versitygw")
    request = AWSRequest(method=method, url=f"http://{LOOPBACK}:{port}{path}")
    signer = S3SigV4Auth(Credentials(secret.s3_access_key, secret.s3_secret_key), "s3", REGION)
    signer.add_auth(request)
    return await ask(port, path, method=method, headers=dict(request.headers.items()))
