"""The command line: local stack, topics, migrations, audits, chaos; imported by nothing."""
