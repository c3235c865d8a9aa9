"""The local MSK and the function in containers, for machines that lack Java but have an engine."""
