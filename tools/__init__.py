"""Tools of this repository's own, for what no package does."""
