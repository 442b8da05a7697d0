"""What alerts does, one file per trigger."""
