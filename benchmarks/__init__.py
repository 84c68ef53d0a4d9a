"""Claims with their figures: each measured beside a peer in the same run, and held against its aim."""
