"""Where the objects of a tenant are: the default tenant's have no prefix, those of every other have its name."""

from __future__ import annotations

from shared.events import DEFAULT_TENANT


def of_tenant(tenant: str, key: str) -> str:
    """The key of a tenant's object, such as `acme/uploads/2JZyEyMdZhCMVhniTaC5dN.csv`."""
    return key if tenant == DEFAULT_TENANT else f"{tenant}/{key}"
