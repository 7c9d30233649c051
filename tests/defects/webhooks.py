"""What callers' receivers are told, by whom it can be trusted, and where it may go."""

from . import Defect

_FOUND = "        if stored is None:\n            raise WebhookNotFound\n        return stored\n\n    async def _shown"

DEFECTS: dict[str, Defect] = {
    "an event without a signature": (
        "delivering.py",
        "        headers = await self._signer.headers(webhook, delivery.event_id, int(time.time()), body)\n",
        '        headers = {"webhook-id": delivery.event_id}\n',
        "tests/test_delivering.py",
    ),
    "an address that is not looked at when an event is delivered": (
        "receivers.py",
        "line.connection(place, self._addresses(place), self._tls)",
        "line.connection(place, socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM), self._tls)",
        "tests/test_receivers.py",
    ),
    "one public address of a name is enough": (
        "addresses.py",
        "not all(bounds.admits(ip_address(text)) for text in found)",
        "not any(bounds.admits(ip_address(text)) for text in found)",
        "tests/test_addresses.py",
    ),
    "a setting that leads to the machine's credentials": (
        "addresses.py",
        "        if _within(plain, _NEVER) or _within(address, _NEVER):\n            return False\n",
        "",
        "tests/test_addresses.py",
    ),
    "a shepherd that ends before the deliveries are queued": (
        "shepherd.py",
        "or not await self._announcer.announce(job):",
        'or not __import__("asyncio").ensure_future(self._announcer.announce(job)):',
        "tests/faults/test_crash_points.py",
    ),
    "an end that was found by somebody else is not told": (
        "shepherd.py",
        "        if stored.job.state.done:\n            # Before",
        "        if stored.job.state.done and not was_done:\n            # Before",
        "tests/test_announcing.py",
    ),
    "a webhook that was made just before a job ended is not seen": (
        "announcing.py",
        "        if read_at < parse_timestamp(ended_at) + CLOCKS_DIFFER:\n",
        "        if owner not in self._known:\n",
        "tests/test_announcing.py",
    ),
    "an end under another id once the job has been renamed": (
        "webhooks.py",
        "job.done_revision or job.revision",
        "job.revision",
        "tests/test_announcing.py",
    ),
    "another's webhook shown to whoever knows its id": (
        "registering.py",
        _FOUND,
        f'        stored = vars(self).setdefault("_seen", {{}}).setdefault(webhook_id, stored)\n{_FOUND}',
        "tests/test_registering.py",
    ),
    "a webhook that is active before its receiver has agreed": (
        "registering.py",
        "if said.accepted and said.allowed_origin is not None:",
        "if True:",
        "tests/test_registering.py",
    ),
    "a rotation that ends the old secret at once": (
        "webhooks.py",
        "secrets=(SecretVersion(newest.generation + 1, key_id), old))",
        "secrets=(SecretVersion(newest.generation + 1, key_id),))",
        "tests/test_signatures.py",
    ),
    "the next attempt queued before the failure is written": (
        "delivering.py",
        "        await self._webhooks.keep(trouble)\n        await self._go_on(trouble)\n",
        "        await self._go_on(trouble)\n        await self._webhooks.keep(trouble)\n",
        "tests/test_delivering.py",
    ),
    "a receiver that may hold every thread": (
        "receivers.py",
        "_MOST_OF_WEBHOOK, _MOST_OF_OWNER = 4, 8",
        "_MOST_OF_WEBHOOK, _MOST_OF_OWNER = 400, 800",
        "tests/test_receivers.py",
    ),
    "an outage of ours that uses up an attempt": (
        "delivering.py",
        "            await self._queue.send(delivery, _PART_DOWN_SECONDS)\n",
        "            await self._queue.send(delivery.following(), _PART_DOWN_SECONDS)\n",
        "tests/test_delivering.py",
    ),
}
