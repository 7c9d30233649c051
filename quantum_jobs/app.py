"""Puts the parts together, once per process; the only place that builds anything."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from quantum_jobs.addresses import Bounds
from quantum_jobs.announcing import Announcer
from quantum_jobs.azure_quantum import AzureQuantumWorkspace
from quantum_jobs.blob_storage import BlobStorage
from quantum_jobs.budgets import allowance
from quantum_jobs.delivering import Deliverer
from quantum_jobs.identity import TokenVerifier, managed_identity
from quantum_jobs.job_queue import DeliveriesQueue, JobQueue
from quantum_jobs.key_vault import KeyVault
from quantum_jobs.prices import rate_card
from quantum_jobs.receivers import HttpReceivers
from quantum_jobs.registering import WebhookRegistry
from quantum_jobs.requests import Callers
from quantum_jobs.retention import retention
from quantum_jobs.service import JobService
from quantum_jobs.settings import Settings
from quantum_jobs.signing import WebhookSigner
from quantum_jobs.submitting import Terms
from quantum_jobs.table_storage import TableStorage
from quantum_jobs.turns import Turns
from quantum_jobs.webhook_documents import job_event
from quantum_jobs.webhook_storage import WebhookStorage


@dataclass(frozen=True)
class App:
    """What the functions use."""

    settings: Settings
    service: JobService
    webhooks: WebhookRegistry
    deliverer: Deliverer
    callers: Callers
    turns: Turns


@cache
def app() -> App:
    """Give this process's parts; built at the first use, because building needs the identity's package.

    Raises:
        SettingsMissing: names all that is missing.
    """
    # At the level of a Functions worker the Azure packages would write every request with its headers, at each call.
    logging.getLogger("azure").setLevel(logging.WARNING)
    settings = Settings.from_env(os.environ)
    credential = managed_identity(settings.identity_client_id)
    vault = KeyVault(
        settings.key_vault_url, settings.workspace_secret_name, credential, settings.webhook_signing_key_name
    )
    verifier = TokenVerifier(settings.login_url, settings.entra_tenant_id, settings.entra_audience)
    base_url = settings.public_base_url.rstrip("/")
    records = TableStorage(settings.storage_url("table"), credential)
    webhooks = WebhookStorage(settings.storage_url("table"), credential)
    deliveries = DeliveriesQueue(settings.storage_url("queue"), credential)
    bounds = Bounds.of(settings.webhook_allowed_ports, settings.webhook_allowed_networks)
    receivers = HttpReceivers(bounds, urlsplit(base_url).netloc)
    signer = WebhookSigner(vault.signing_keys)
    return App(
        settings=settings,
        service=JobService(
            workspace=AzureQuantumWorkspace(vault.workspace_location, credential),
            records=records,
            blobs=BlobStorage(settings.storage_url("blob"), credential),
            queue=JobQueue(settings.storage_url("queue"), credential),
            terms=Terms(
                rate_card(settings.rate_card),
                allowance(settings.monthly_budget, settings.monthly_budget_per_target),
                retention(settings.result_retention_days),
            ),
            announcer=Announcer(webhooks, deliveries),
        ),
        webhooks=WebhookRegistry(webhooks, receivers, signer, base_url),
        deliverer=Deliverer(
            webhooks,
            records,
            deliveries,
            receivers,
            signer,
            lambda job, delivery: job_event(job, delivery, base_url),
        ),
        callers=Callers(verifier, settings.gateway_principal_id),
        turns=Turns(),
    )
