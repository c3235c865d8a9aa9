"""AWS's own APIs: where the cluster is, for the function and for its deployment."""
