"""The handler that the function is compared with."""
