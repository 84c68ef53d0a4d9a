"""The projector: folds the events of each task into the one row that people see."""
