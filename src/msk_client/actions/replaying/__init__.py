"""replay: where records that were given up are found, and how they go out again."""
