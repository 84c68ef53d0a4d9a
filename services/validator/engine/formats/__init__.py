"""The formats of files: found by content, opened as `RecordReader`s.

`opening.open_reader` is the way in. Libraries of one format are loaded by its own module alone, and only when such a
file has come.
"""
