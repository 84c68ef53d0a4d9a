"""The JVM: where it is, whether it is new enough, and the options that every server of ours gets."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from stack.artifact import find_tool
from stack.errors import StackError

OLDEST_JAVA = 17
HOW_TO_GET_JAVA = "install it with `apt-get install openjdk-17-jre-headless` (or your system's JDK 17) or set JAVA_HOME"


class JavaError(StackError):
    """There is no Java, or it is too old."""


def find_java() -> str | None:
    """Find the `java` program: JAVA_HOME's first, then PATH's."""
    home = os.environ.get("JAVA_HOME")
    if home and os.access(Path(home) / "bin" / "java", os.X_OK):
        return str(Path(home) / "bin" / "java")
    return find_tool("java")


def parse_major(text: str) -> int | None:
    """Read the major version from what `java -version` says; `1.8.0` is 8."""
    match = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(match.group(1)) if match else None


def java_problem(program: str | None) -> str | None:
    """Say in one line why `program` cannot run our servers; None when it can."""
    if program is None:
        return f"java is missing: Java {OLDEST_JAVA} or newer runs Kafka and Druid; {HOW_TO_GET_JAVA}"
    done = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    major = parse_major(done.stderr)
    if done.returncode != 0 or major is None or major < OLDEST_JAVA:
        return f"{program} is no Java {OLDEST_JAVA} or newer (it says {major or 'nothing'}); {HOW_TO_GET_JAVA}"
    return None


def java_environment() -> dict[str, str]:
    """Give a JVM only what it needs: a stray JAVA_TOOL_OPTIONS would change the servers under us."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
