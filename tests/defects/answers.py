"""What comes in and what goes out."""

from . import Defect

DEFECTS: dict[str, Defect] = {
    "bits the other way round": (
        "histograms.py",
        "parts.append(bits[start : start + register.size][::-1])",
        "parts.append(bits[start : start + register.size])",
        "tests/test_histograms.py",
    ),
    "registers the other way round": (
        "histograms.py",
        'return " ".join(reversed(parts))',
        'return " ".join(parts)',
        "tests/test_histograms.py",
    ),
    "failed shots counted": (
        "histograms.py",
        'if isinstance(entry["Outcome"], dict) and "Error" in entry["Outcome"]:',
        "if False:",
        "tests/test_histograms.py",
    ),
    "headers believed from anybody": (
        "requests.py",
        "if gateway.subject != self._gateway:",
        "if False:",
        "tests/test_requests.py",
    ),
    "any text taken for a job's id": (
        "requests.py",
        "    if not is_job_id(given):\n",
        "    if False:\n",
        "tests/test_requests.py",
    ),
    "roles not looked at": (
        "requests.py",
        "if not caller.roles & operation.roles:",
        "if False:",
        "tests/test_requests.py",
    ),
    "unknown members let in": (
        "bodies.py",
        'extra="forbid"',
        'extra="ignore"',
        "tests/test_requests.py",
    ),
    "any algorithm of signature": (
        "identity.py",
        'algorithms=["RS256"]',
        'algorithms=["RS256", "HS256", "none"]',
        "tests/test_identity.py",
    ),
    "an inner error shown to the caller": (
        "responses.py",
        "shown = InternalError() if error.slug == InternalError.slug else error",
        "shown = error",
        "tests/test_responses.py",
    ),
    "a page token good for every list": (
        "queries.py",
        "if not is_job_id(start) or digest != _digest(filters):",
        "if not is_job_id(start):",
        "tests/test_queries.py",
    ),
    "tags of which one is enough": (
        "queries.py",
        'tags=dict(reader.each("tag", _tag, "name:value")),',
        'tags=dict(reader.each("tag", _tag, "name:value")[:1]),',
        "tests/test_queries.py",
    ),
    "a filter sent twice and read once": (
        "queries.py",
        "        if len(values) > 1:\n",
        "        if False:\n",
        "tests/test_queries.py",
    ),
    "a document without its history": (
        "documents.py",
        '        "history": [{"state": item.state, "at": item.at} for item in job.history],\n',
        "",
        "tests/test_openapi.py",
    ),
    "a bound that the schema does not have": (
        "bodies.py",
        "Field(ge=1, le=10), BeforeValidator(_whole)",
        "BeforeValidator(_whole), Field(ge=1, le=10)",
        "tests/test_openapi.py",
    ),
}
