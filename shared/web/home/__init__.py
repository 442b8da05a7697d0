"""What belongs to no service: the way in and out, one's own settings, static files, the start."""
