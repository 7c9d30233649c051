"""The certificate authority of the local cloud and the one server certificate that it signs."""

import ipaddress
import secrets
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.errors import StateCorrupt
from local.names import HOSTS
from local.state import State

LIFETIME = timedelta(days=365)
RENEW_BEFORE_END = timedelta(days=30)


@dataclass(frozen=True)
class Certificates:
    """Where the files lie: the authority that clients trust, the server's certificate and its key."""

    authority: Path
    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Trust this authority and no other."""
        return ssl.create_default_context(cafile=str(self.authority))


def prepare(state: State, *, now: datetime | None = None) -> Certificates:
    """Give the certificates of the state folder, made or renewed where needed.

    Raises StateCorrupt naming the file that cannot be read.
    """
    now = now or datetime.now(UTC)
    files = Certificates(state.folder / "ca.pem", state.folder / "server.pem", state.folder / "server.key")
    with state.locked():
        if not _holds(files, now):
            _make(state, now)
    return files


def _read[T](path: Path, parse: Callable[[bytes], T]) -> T:
    try:
        return parse(path.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise StateCorrupt(path, f"not readable as PEM: {str(error).split('.')[0]}") from error


def _holds(files: Certificates, now: datetime) -> bool:
    """Tell whether all files are there, belong together, name every host and hold for a while yet."""
    if not all(path.exists() for path in (files.authority, files.certificate, files.key)):
        return False
    authority = _read(files.authority, x509.load_pem_x509_certificate)
    certificate = _read(files.certificate, x509.load_pem_x509_certificate)
    key = _read(files.key, lambda pem: serialization.load_pem_private_key(pem, password=None))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return (
        min(authority.not_valid_after_utc, certificate.not_valid_after_utc) > now + RENEW_BEFORE_END
        and set(names.get_values_for_type(x509.DNSName)) >= set(HOSTS)
        and certificate.issuer == authority.subject
        and certificate.public_key() == key.public_key()
    )


def _make(state: State, now: datetime) -> None:
    """Write a new authority and server certificate. The authority's key is not kept: it signs once."""
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    # The number in the name keeps an old server certificate from passing for one of a new authority.
    name = _name(f"Quantum Jobs local cloud {secrets.token_hex(8)}")
    authority = _builder(name, name, authority_key.public_key(), now, _AUTHORITY_EXTENSIONS)
    authority = authority.add_extension(_own_identifier(authority_key), critical=False)
    server = _builder(_name("Quantum Jobs local cloud"), name, server_key.public_key(), now, _server_extensions())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    server = server.add_extension(issuer, critical=False)
    for file, signed in (("ca.pem", authority), ("server.pem", server)):
        certificate = signed.sign(authority_key, hashes.SHA256())
        state.write(file, certificate.public_bytes(serialization.Encoding.PEM))
    state.write("server.key", private_pem(server_key))


def private_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """Give a private key as unencrypted PKCS 8 text; the file's mode protects it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _own_identifier(key: ec.EllipticCurvePrivateKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
    builder = builder.serial_number(x509.random_serial_number())
    # A day back: clocks of containers and machines differ.
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + LIFETIME)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


# Python 3.13 verifies strictly (RFC 5280): without these extensions it refuses the chain.
_AUTHORITY_EXTENSIONS = (
    (x509.BasicConstraints(ca=True, path_length=0), True),
    (_key_usage(signs_certificates=True), True),
)


def _server_extensions() -> Sequence[tuple[x509.ExtensionType, bool]]:
    names = [x509.DNSName(name) for name in (*HOSTS, "localhost")]
    addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    return (
        (x509.SubjectAlternativeName([*names, *addresses]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_key_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
    )
