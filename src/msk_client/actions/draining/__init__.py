"""The parts of `consume` with a `destination`: what is read goes to S3, not into the answer."""
