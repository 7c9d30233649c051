"""Checks Bicep files against Azure's published resource types. No compiler: docs/deploy.md says what it cannot see."""
