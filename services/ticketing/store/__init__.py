"""Every SQL statement of ticketing as a function of a connection, by what it is about."""
