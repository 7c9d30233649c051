"""Programs: read once into one representation, checked, and written for providers."""
