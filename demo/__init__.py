"""Two real files, loaded and proven through the running installation."""
