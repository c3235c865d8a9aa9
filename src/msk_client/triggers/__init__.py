"""The kinds of events. A plain action event is the only one so far."""
