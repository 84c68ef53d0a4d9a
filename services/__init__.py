"""The five services, and the command line above them."""
