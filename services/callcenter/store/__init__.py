"""Every SQL statement of callcenter as a function of a connection, by what it is about."""
