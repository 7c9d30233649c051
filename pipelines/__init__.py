"""Building, rehearsing and releasing: what the pipelines of both kinds call, by make."""
