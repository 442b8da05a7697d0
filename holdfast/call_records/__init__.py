"""Files of call records, as a network's mediation writes them, on their way into ingest."""
