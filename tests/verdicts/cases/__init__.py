"""What becomes of which file, as data: for the tests, and for the table in the documentation."""
