"""Rejected rows as a table, which comes back corrected: what stands in it beside the columns of the file.

The gateway writes such tables, and the validator knows them by these names.
"""

from __future__ import annotations

RECORD_COLUMN = "ingest_record"
"""The number of the rejected record, in the first column of the table."""
ERRORS_COLUMN = "ingest_errors"
"""What is wrong with the row, in the last column. It is not read back, unless it begins with `OPEN`."""
OPEN = "! "
"""Begins the errors of a row whose values could not be put into their columns: it counts as bad until that is emptied.

Without it a row with too few fields would come back as one with nulls that nobody has looked at.
"""
SHEET = "ingest_rejects"
"""The sheet of a workbook with such a table."""
