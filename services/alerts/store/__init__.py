"""Every SQL statement of alerts as a function of a connection, by what it is about."""
