"""The object store: one port, the real S3 and a double in memory that passes the same tests."""
