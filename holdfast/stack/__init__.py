"""The local stack: real Kafka and real PostgreSQL, without Docker and without root."""
