"""The parts of `consume`: places, ranges, pages and bookmarks. Only the `Kafka` port is used."""
