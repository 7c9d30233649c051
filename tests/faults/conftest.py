"""Nothing here is held against what the service logs, and an outage is told a million times."""

import logging

import pytest


@pytest.fixture(autouse=True)
def silent():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
