"""The validator: which rows of an uploaded file are good, and the canonical parts that Druid reads."""
