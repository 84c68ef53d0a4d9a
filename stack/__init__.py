"""The real servers of the product as child processes on loopback: `python -m stack --help`."""
