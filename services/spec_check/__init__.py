"""`ingest spec --check`: Druid's sampler reads a sample of the canonical rows by a spec, and each cell is compared.

Pure: `cells` (two values), `comparing` (two tables), `expecting` and `transforming` (what our rows are after the spec),
`request` (what the sampler is asked), `lines` (how it is shown). Adapters: `sample` (our rows, from files or the object
store), `sampler` (Druid). `checking` puts them together.
"""
