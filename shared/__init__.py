"""Contracts and adapters that two or more services need today; no business rule lives here."""
