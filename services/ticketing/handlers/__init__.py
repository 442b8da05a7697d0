"""What ticketing does, one file per trigger."""
