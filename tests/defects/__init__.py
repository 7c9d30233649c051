"""Defects to put into the service on purpose: file, right text, wrong text, and the tests that must notice."""

type Defect = tuple[str, ...]
