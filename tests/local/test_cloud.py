"""The local cloud through the real SDKs, by Azure's own names."""

import http.client
import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError
from azure.data.tables import TableClient, TableServiceClient, TableTransactionError
from azure.identity import ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient

from local.callers import callers
from local.issuer import Issuer
from local.names import KEY_VAULT_HOST, LOGIN_HOST, STORAGE_HOSTS, TENANT_ID, StorageService
from local.state import State
from tests.cloud import RunningCloud

STORAGE = "https://storage.azure.com"


@pytest.fixture(scope="session")
def state(running_cloud: RunningCloud) -> State:
    """The state folder of the running cloud: what holds its keys can speak as anyone."""
    return State(Path(running_cloud.environment["SSL_CERT_FILE"]).parent)


@pytest.fixture(scope="session")
def issuer(state: State) -> Issuer:
    return Issuer.of(state)


@pytest.fixture
def identity(cloud: RunningCloud) -> Iterator[ManagedIdentityCredential]:
    with ManagedIdentityCredential() as credential:
        yield credential


class Bearer:
    """A credential that has one token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken(self._token, int(time.time()) + 3600)


@pytest.fixture
def container(identity: ManagedIdentityCredential) -> Iterator[ContainerClient]:
    with BlobServiceClient(f"https://{STORAGE_HOSTS['blob']}", identity) as service:
        yield service.create_container(f"c-{uuid.uuid4()}")


@pytest.fixture
def table(identity: ManagedIdentityCredential) -> Iterator[TableClient]:
    with TableServiceClient(f"https://{STORAGE_HOSTS['table']}", credential=identity) as service:
        yield service.create_table(f"t{uuid.uuid4().hex}")


def counts(cloud: RunningCloud) -> dict[str, dict[str, int]]:
    answer = requests.get(f"{cloud.environment['LOCAL_CONTROL_URL']}/control/counts", timeout=10)
    return dict(answer.json())


def test_the_vault_says_which_workspace_to_use(identity: ManagedIdentityCredential) -> None:
    with SecretClient(f"https://{KEY_VAULT_HOST}", identity) as vault:
        secret = vault.get_secret("quantum-workspace")
        assert secret.properties.content_type == "application/json"
        assert json.loads(secret.value or "").keys() == {
            "subscriptionId",
            "resourceGroup",
            "name",
            "location",
            "endpoint",
        }


def test_the_vault_client_sets_lists_and_reads_versions(cloud: RunningCloud) -> None:
    with DefaultAzureCredential() as credential, SecretClient(f"https://{KEY_VAULT_HOST}", credential) as vault:
        names = [f"page-{number:02}" for number in range(30)]
        for name in names:
            vault.set_secret(name, "1", tags={"a": "b"})
        newer = vault.set_secret(names[0], "2")
        assert {item.name for item in vault.list_properties_of_secrets()} >= set(names)
        assert len(list(vault.list_properties_of_secret_versions(names[0]))) == 2
        assert vault.get_secret(names[0], newer.properties.version).value == "2"
        with pytest.raises(HttpResponseError, match="not built in the local cloud"):
            vault.begin_delete_secret(names[0])


def test_blobs_go_there_and_back(container: ContainerClient) -> None:
    data = bytes(range(256)) * 40_000
    container.upload_blob("deep/er/name", data, max_concurrency=4)
    assert container.download_blob("deep/er/name").readall() == data
    with pytest.raises(ResourceExistsError):
        container.upload_blob("deep/er/name", b"other")
    assert [blob.name for blob in container.list_blobs()] == ["deep/er/name"]


def test_a_body_of_unknown_length_arrives(identity: ManagedIdentityCredential) -> None:
    headers = {
        "Authorization": f"Bearer {identity.get_token(f'{STORAGE}/.default').token}",
        "x-ms-version": "2021-12-02",
    }
    with QueueClient(f"https://{STORAGE_HOSTS['queue']}", f"q-{uuid.uuid4()}", credential=identity) as queue:
        queue.create_queue()
        pieces = (b"<QueueMessage><MessageText>", b"x" * 20_000, b"</MessageText></QueueMessage>")
        answer = requests.post(f"{queue.url}/messages", data=iter(pieces), headers=headers, timeout=10)
        assert answer.status_code == 201, answer.text
        assert queue.receive_message().content == "x" * 20_000


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(container: ContainerClient) -> None:
    token = ManagedIdentityCredential().get_token(f"{STORAGE}/.default").token
    host = STORAGE_HOSTS["blob"]
    proxy = urlsplit(os.environ["HTTPS_PROXY"])
    connection = http.client.HTTPSConnection(proxy.hostname or "", proxy.port, timeout=10)
    connection.set_tunnel(host, 443)
    connection.putrequest("PUT", urlsplit(f"{container.url}/asked").path)
    fields = {"Authorization": f"Bearer {token}", "x-ms-blob-type": "BlockBlob", "x-ms-version": "2021-12-02"}
    for name, value in (fields | {"Content-Length": "5", "Expect": "100-continue"}).items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.sock.settimeout(10)
    assert connection.sock.recv(1000).startswith(b"HTTP/1.1 100 Continue")
    connection.send(b"hello")
    assert connection.sock.recv(1000).startswith(b"HTTP/1.1 201 Created")
    connection.close()


def test_queue_messages_count_their_deliveries(identity: ManagedIdentityCredential) -> None:
    with QueueClient(f"https://{STORAGE_HOSTS['queue']}", f"q-{uuid.uuid4()}", credential=identity) as queue:
        queue.create_queue()
        queue.send_message("first")
        for delivery in (1, 2):
            (message,) = queue.receive_messages(visibility_timeout=1)
            assert (message.content, message.dequeue_count) == ("first", delivery)
            queue.update_message(message, visibility_timeout=0)


def test_a_table_batch_is_all_or_nothing(table: TableClient) -> None:
    text = f"a\r\nPOST https://{STORAGE_HOSTS['table']}/jobs HTTP/1.1\r\n"
    table.submit_transaction(
        [("create", {"PartitionKey": "p", "RowKey": key, "text": text}) for key in ("a", "key:it's 100% ü")]
    )
    with pytest.raises(TableTransactionError) as conflict:
        table.submit_transaction(
            [("create", {"PartitionKey": "p", "RowKey": key}) for key in ("new", "a")],
        )
    assert (conflict.value.error_code, conflict.value.index) == ("EntityAlreadyExists", 1)
    assert [entity["RowKey"] for entity in table.list_entities()] == ["a", "key:it's 100% ü"]
    assert table.get_entity("p", "a")["text"] == text


def test_a_batch_may_update_delete_and_merge(table: TableClient) -> None:
    for key in ("a", "b", "c"):
        table.create_entity({"PartitionKey": "p", "RowKey": key, "n": 1, "m": 1})
    table.submit_transaction(
        [
            ("update", {"PartitionKey": "p", "RowKey": "a", "n": 2}, {"mode": "replace"}),
            ("update", {"PartitionKey": "p", "RowKey": "b", "n": 2}, {"mode": "merge"}),
            ("delete", {"PartitionKey": "p", "RowKey": "c"}),
        ]
    )
    assert [(entity["RowKey"], entity["n"], entity.get("m")) for entity in table.list_entities()] == [
        ("a", 2, None),
        ("b", 2, 1),
    ]


@pytest.mark.parametrize("service", ["blob", "queue", "table"])
def test_the_storage_takes_a_token_for_the_account_itself(
    cloud: RunningCloud, issuer: Issuer, service: StorageService
) -> None:
    host = STORAGE_HOSTS[service]
    token = issuer.issue(f"https://{host}/", subject="s", app_id="a", version="1.0")
    headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2021-12-02", "Accept": "application/json"}
    path = "Tables" if service == "table" else "?comp=list"
    assert requests.get(f"https://{host}/{path}", headers=headers, timeout=10).status_code == 200


@pytest.mark.parametrize("service", ["blob", "queue", "table"])
@pytest.mark.parametrize("flaw", ["audience", "signature", "expired", "nonsense"])
def test_a_token_that_does_not_hold_is_refused_in_the_service_s_own_words(
    cloud: RunningCloud, issuer: Issuer, tmp_path: Path, service: StorageService, flaw: str
) -> None:
    person = {"subject": "s", "app_id": "a", "version": "1.0"}
    token, words = {
        "audience": (issuer.issue("https://vault.azure.net", **person), "Audience validation failed"),
        "signature": (Issuer.of(State(tmp_path)).issue(STORAGE, **person), "Signature validation failed"),
        "expired": (issuer.issue(STORAGE, **person, not_before=1_000_000), "expired"),
        "nonsense": ("abc", "not a valid JWT"),
    }[flaw]
    answer = requests.put(
        f"https://{STORAGE_HOSTS[service]}/some-name",
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
        data=b"x",
    )
    assert answer.status_code == 401
    assert answer.headers["x-ms-error-code"] == "InvalidAuthenticationInfo"
    assert answer.headers["www-authenticate"] == (
        f"Bearer authorization_uri=https://{LOGIN_HOST}/{TENANT_ID}/oauth2/authorize resource_id={STORAGE}"
    )
    assert words in answer.text
    if service == "table":
        assert answer.json()["odata.error"]["code"] == "InvalidAuthenticationInfo"
    else:
        assert "<Code>InvalidAuthenticationInfo</Code>" in answer.text


def test_the_sdks_understand_the_refusal(cloud: RunningCloud, issuer: Issuer) -> None:
    wrong = Bearer(issuer.issue("https://vault.azure.net", subject="s", app_id="a", version="1.0"))
    with (
        BlobServiceClient(f"https://{STORAGE_HOSTS['blob']}", wrong, retry_total=0) as blobs,
        pytest.raises(ClientAuthenticationError, match="Audience validation failed"),
    ):
        blobs.create_container("never")
    with (
        TableServiceClient(f"https://{STORAGE_HOSTS['table']}", credential=wrong, retry_total=0) as tables,
        pytest.raises(ClientAuthenticationError),
    ):
        tables.create_table("never")


def test_no_token_at_all_is_the_storage_s_own_matter(cloud: RunningCloud) -> None:
    answer = requests.get(f"https://{STORAGE_HOSTS['blob']}/?comp=list", timeout=10)
    assert answer.status_code in {401, 403}
    assert "Azurite" in answer.headers["server"]


def test_a_request_for_another_host_does_not_pass_the_door(cloud: RunningCloud) -> None:
    answer = requests.get(
        f"https://{STORAGE_HOSTS['blob']}/", headers={"Host": "other.blob.core.windows.net"}, timeout=10
    )
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "InvalidHeaderValue")


def test_a_caller_signs_in_with_its_secret(cloud: RunningCloud, state: State, issuer: Issuer) -> None:
    alice = callers(state)["alice"]
    with ClientSecretCredential(TENANT_ID, alice.client_id, alice.secret) as credential:
        claims = issuer.verify(
            credential.get_token("api://quantum-jobs/.default").token, audiences=["api://quantum-jobs"]
        )
    assert (claims["sub"], claims["roles"]) == (alice.object_id, ["Jobs.Submit"])
    with (
        ClientSecretCredential(TENANT_ID, alice.client_id, "wrong") as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        credential.get_token("api://quantum-jobs/.default")


def test_another_host_cannot_be_reached(cloud: RunningCloud) -> None:
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        requests.get("https://example.com", timeout=10)


def test_the_control_endpoint_counts_what_went_over_the_wire(cloud: RunningCloud, container: ContainerClient) -> None:
    requests.post(f"{cloud.environment['LOCAL_CONTROL_URL']}/control/counts/reset", timeout=10)
    container.upload_blob("a", b"1")
    container.download_blob("a").readall()
    assert counts(cloud)["blob"] == {"PUT /{container}/{blob}": 1, "GET /{container}/{blob}": 1}
    with DefaultAzureCredential() as credential, SecretClient(f"https://{KEY_VAULT_HOST}", credential) as vault:
        vault.get_secret("quantum-workspace")
    seen = counts(cloud)
    # One more where the client has to be told first where to get a token; it remembers that per process.
    assert seen["key_vault"]["GET /secrets/{name}"] in {1, 2}
    assert seen["managed_identity"] == {"GET /msi/token": 1}


def test_all_parts_are_well(cloud: RunningCloud) -> None:
    answer = requests.get(f"{cloud.environment['LOCAL_CONTROL_URL']}/control/health", timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"azurite": "running"})
