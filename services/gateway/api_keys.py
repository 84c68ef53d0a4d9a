"""The text of an API key, and what is kept of it. Pure but for chance.

`ik_{key_id}_{secret}`: the id finds the row, the secret proves the key. A secret has 256 random bits, so there is
nothing to guess and one SHA-256 is enough: slow hashes protect what people make up (NIST SP 800-63B, 5.1.1.2, 5.1.2.2).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

_TEXT = re.compile(r"ik_([0-9a-f]{16})_([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True)
class ApiKey:
    """A key as its owner has it; `text` is told once and kept nowhere."""

    key_id: str
    secret: str

    @classmethod
    def draw(cls) -> ApiKey:
        """A new one."""
        return cls(secrets.token_hex(8), secrets.token_hex(32))

    @classmethod
    def parse(cls, text: str) -> ApiKey | None:
        """The key that somebody has sent; None when that is none."""
        found = _TEXT.fullmatch(text)
        return None if found is None else cls(found[1], found[2])

    @property
    def text(self) -> str:
        """What the owner sends."""
        return f"ik_{self.key_id}_{self.secret}"

    @property
    def hash(self) -> str:
        """What is kept of the secret, in hexadecimal."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def is_of(self, kept_hash: str) -> bool:
        """Whether that is what was kept of this key; takes as long for a wrong one as for the right one."""
        return hmac.compare_digest(self.hash, kept_hash)

    def __repr__(self) -> str:
        return f"ApiKey({self.key_id})"
