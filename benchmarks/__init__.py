"""Claims with their figures: each against its peer in the same run."""
