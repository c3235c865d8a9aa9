"""AWS's event patterns, as a mapping for Kafka filters records by them."""
