"""The four services; they meet only through the events of shared.events."""
