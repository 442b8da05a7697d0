"""Every SQL statement of points as a function of a connection, by what it is about."""
