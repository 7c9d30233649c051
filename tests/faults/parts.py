"""What can happen to each part, as documents for the local cloud's control endpoint."""

PARTS = ("managed_identity", "key_vault", "azure_quantum", "blob", "queue", "table")
WAYS = {
    "down": {"do": "status", "status": 503},
    "cut": {"do": "reset"},
    "silent": {"do": "hang"},
    "throttling": {"do": "status", "status": 429, "retry_after": 7},
    "lying": {"do": "garble", "as": "html"},
    "slow": {"do": "delay", "seconds": 1},
    "lost answers": {"do": "reset", "when": "after"},
    "unanswered": {"do": "hang", "when": "after"},
}


def fault(part, way):
    # The host's own reading of its queue goes on: in Azure it is the platform's, and its pause is not ours to set.
    only = {"method": "POST"} if part == "queue" else {}
    return {"service": part, **only, **WAYS[way]}
