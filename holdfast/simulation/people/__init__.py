"""People at work, each through the public HTTP APIs with their own token; none sees a table."""
