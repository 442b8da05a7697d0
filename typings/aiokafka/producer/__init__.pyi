"""Part of aiokafka's package layout; see the modules inside."""
