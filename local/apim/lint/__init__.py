"""Rules for the gateway's artifacts that no deployment tells: what breaks them deploys, and leaks or lets through."""
