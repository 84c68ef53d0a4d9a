"""A file into a bucket by aioboto3's own multipart upload, as somebody would write it who needs no gateway."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any

from benchmarks.processes import peak_rss_bytes
from sandbox.servers import Servers


async def upload(request: dict[str, Any]) -> dict[str, Any]:
    """Seconds of the upload alone: the client is connected before."""
    async with Servers(request["profile"]).s3() as s3:
        await s3.head_bucket(Bucket=request["bucket"])
        started = time.perf_counter()
        await s3.upload_file(request["path"], request["bucket"], request["key"])
        seconds = time.perf_counter() - started
        found = await s3.head_object(Bucket=request["bucket"], Key=request["key"])
    return {
        "seconds": seconds,
        "size_bytes": found["ContentLength"],
        "peak_rss_bytes": peak_rss_bytes(os.getpid()),
    }


if __name__ == "__main__":
    json.dump(asyncio.run(upload(json.load(sys.stdin))), sys.stdout)
