"""How fast the function is, beside a handler as most people would write it."""
