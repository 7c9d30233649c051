"""What the host shows at / when no function claims it."""

HOME_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Functions host</title></head>
<body><h1>The local Functions host is up and running.</h1></body></html>
"""
