"""Orchestration of quantum jobs in an Azure Quantum workspace: submit, follow, fetch, with records that survive."""
