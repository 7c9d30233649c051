"""Speed of the service, beside the bare SDK on the same local cloud."""
