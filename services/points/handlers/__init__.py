"""What points does, one file per trigger."""
