"""The catalogue of Druid's failures: what each of its texts means, whose fault it is, what to do, and whether to retry.

`explain` is all that a service needs. The entries are data, by what they are about: `spec_types`, `spec_columns` and
`spec_layout` for a spec that Druid refuses, `reading` for what it loads, `running` for a task, `asking` for any other
question. `docs/errors.md` is written from them; the tests in `tests/integration/druid/failures` provoke them on a real
server.
"""

from .catalogue import CATALOGUE, explain
from .entry import Entry, Explanation, Fault, Place
from .told import told

__all__ = ["CATALOGUE", "Entry", "Explanation", "Fault", "Place", "explain", "told"]
