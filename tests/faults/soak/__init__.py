"""The soak: half an hour of mixed load by several owners, with faults at the wire and hosts that are killed.

`make soak` runs it whole, `tests/faults/test_soak.py` two minutes of it. In the first third of the run the Functions
host is killed now and then; after that its process stays, so that what it takes can be seen to stay as well.
"""
