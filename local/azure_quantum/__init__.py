"""A local Azure Quantum workspace: the service's REST API, executing what it is given."""

from local.azure_quantum.blobs import BlobDoor, StorageAccount
from local.azure_quantum.script import Script
from local.azure_quantum.urls import application
from local.azure_quantum.workspace import Workspace

__all__ = ["BlobDoor", "Script", "StorageAccount", "Workspace", "application"]
