"""Runs quantum programs of the formats that Azure Quantum takes, in worker processes with limits."""
