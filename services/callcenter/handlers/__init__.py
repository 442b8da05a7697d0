"""What callcenter does, one file per trigger."""
