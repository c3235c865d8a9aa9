"""What becomes of a mapping's batches: sinks, dead letters, and what Lambda is told."""
