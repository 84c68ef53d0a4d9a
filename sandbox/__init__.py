"""Installations of the product that come and go, on real servers that stay: for end-to-end tests and benchmarks."""
