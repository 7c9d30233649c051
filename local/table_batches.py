"""Makes batches of table operations palatable to Azurite when the account is in the host name."""

import re

# Azurite 3.35 finds the table of an operation in a batch by the pattern /account/table (in its BatchSerialization.js),
# so it fails with 500 on https://account.table.core.windows.net/table, which is what the SDK and Azure speak. This can
# go when Azurite takes the account of an inner URL from its host as it does for all other requests.
_REQUEST_LINE = rb"(?mi)^((?:GET|POST|PUT|PATCH|MERGE|DELETE) https?://%s(?::\d+)?/)(?!%s/)"


def with_account_in_path(body: bytes, host: str, account: str) -> bytes:
    """Put the account before the path of every inner URL of that host; leave all else, and such URLs, as they are."""
    pattern = _REQUEST_LINE % (re.escape(host).encode(), re.escape(account).encode())
    return re.sub(pattern, rb"\g<1>%s/" % account.encode(), body)
