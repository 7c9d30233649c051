"""A local host for Python v2 function apps: the runtime that Azure installs, behind an ASGI application."""
