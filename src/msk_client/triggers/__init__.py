"""The kinds of events: a plain action event, and what carries one."""
