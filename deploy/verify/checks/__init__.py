"""The checks: each takes the deployed function and says what it saw."""
