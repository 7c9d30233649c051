"""What can happen to each part, as documents for the local cloud's control endpoint."""

PARTS = ("managed_identity", "key_vault", "azure_quantum", "blob", "queue", "table")
WAYS = {
    "down": {"do": "status", "status": 503},
    "cut": {"do": "reset"},
    "silent": {"do": "hang"},
    "throttling": {"do": "status", "status": 429, "retry_after": 7},
    "throttling without a word": {"do": "status", "status": 429},
    "broken": {"do": "status", "status": 500},
    "cut short": {"do": "truncate"},
    "lying": {"do": "garble", "as": "html"},
    "slow": {"do": "delay", "seconds": 1},
    "lost answers": {"do": "reset", "when": "after"},
    "unanswered": {"do": "hang", "when": "after"},
}


# The host's own reading of its queue goes on: in Azure it is the platform's, and its pause is not ours to set.
# So do the tokens that the gateway gets for the host: what is tried is the service.
_OURS = {"queue": {"method": "POST"}, "managed_identity": {"path": "resource=https"}}


def fault(part, way):
    return {"service": part, **_OURS.get(part, {}), **WAYS[way]}
