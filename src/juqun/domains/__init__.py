"""What the business is: one folder is one room, one Django app, one set of doors."""
