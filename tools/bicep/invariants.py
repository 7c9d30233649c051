"""What must hold of every deployment, whatever Azure would allow."""

from collections.abc import Callable
from typing import Final

from tools.bicep.declarations import File, Output, Parameter, ResourceDeclaration
from tools.bicep.nodes import Access, Array, Call, Expression, Literal, Name, Nested, Object, walk
from tools.bicep.resources import full_type, property_of

_TLS: Final = ("TLS1_2", "TLS1_3", "1.2", "1.3")

# Type -> path of a property -> the values it may have. It must be written out: a parameter can be set otherwise.
FIXED: Final[dict[str, dict[str, tuple[object, ...]]]] = {
    "Microsoft.Storage/storageAccounts": {
        "properties.allowSharedKeyAccess": (False,),
        "properties.allowBlobPublicAccess": (False,),
        "properties.defaultToOAuthAuthentication": (True,),
        "properties.supportsHttpsTrafficOnly": (True,),
        "properties.minimumTlsVersion": _TLS,
    },
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"properties.publicAccess": ("None",)},
    "Microsoft.KeyVault/vaults": {
        "properties.enableRbacAuthorization": (True,),
        "properties.enablePurgeProtection": (True,),
        "properties.enableSoftDelete": (True,),
    },
    "Microsoft.Web/sites": {
        "properties.httpsOnly": (True,),
        "properties.siteConfig.minTlsVersion": _TLS,
        "properties.siteConfig.scmMinTlsVersion": _TLS,
        "properties.siteConfig.ftpsState": ("Disabled",),
    },
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"properties.allow": (False,)},
    "Microsoft.Insights/components": {"properties.DisableLocalAuth": (True,)},
    "Microsoft.OperationalInsights/workspaces": {"properties.features.disableLocalAuth": (True,)},
    "Microsoft.Quantum/workspaces": {"properties.apiKeyEnabled": (False,)},
    "Microsoft.ApiManagement/service/backends": {
        "properties.tls.validateCertificateChain": (True,),
        "properties.tls.validateCertificateName": (True,),
    },
}
# These must have a diagnostic setting in the same file. A storage account's logs are those of its services.
LOGGED: Final = (
    "Microsoft.KeyVault/vaults",
    "Microsoft.ApiManagement/service",
    "Microsoft.Web/sites",
    "Microsoft.Cdn/profiles",
    "Microsoft.Storage/storageAccounts/blobServices",
)
_SECRET: Final = ("password", "secret", "apikey", "accountkey", "connectionstring", "token")
_NO_SECRET: Final = ("secretname", "tokenurl", "resourcetoken")


def check(file: File) -> None:
    """Report every rule that the file breaks."""
    for resource in file.resources():
        if not resource.existing:
            _fixed(resource, file)
            _RULES.get(full_type(resource).split("@")[0], _nothing)(resource, file)
    _logged(file)
    _basic_publishing(file)
    _secrets(file)


def _strings(node: Expression | None) -> list[str]:
    """The literal strings of an array."""
    items = node.items if isinstance(node, Array) else ()
    return [item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str)]


def _nothing(resource: ResourceDeclaration, file: File) -> None:
    """Types without a rule of their own."""


def _fixed(resource: ResourceDeclaration, file: File) -> None:
    kind = full_type(resource).split("@")[0]
    for path, values in FIXED.get(kind, {}).items():
        found = property_of(resource.body, *path.split("."))
        if kind.endswith("/backends") and property_of(resource.body, "properties", "pool") is not None:
            continue
        if not (isinstance(found, Literal) and any(found.value is value or found.value == value for value in values)):
            shown = " or ".join(str(value).lower() if isinstance(value, bool) else f"'{value}'" for value in values)
            file.report(found.place if found else resource.place, "security", f"{path} must be {shown}, written out")


def _logged(file: File) -> None:
    settings = [
        item for item in file.resources() if full_type(item).startswith("Microsoft.Insights/diagnosticSettings@")
    ]
    watched = {
        node.name
        for item in settings
        if (scope := item.body.member("scope"))
        for node in walk(scope)
        if isinstance(node, Name | Nested)
    }
    for resource in file.resources():
        if not resource.existing and full_type(resource).split("@")[0] in LOGGED and resource.name not in watched:
            file.report(
                resource.place,
                "security",
                f"'{resource.name}' has no diagnostic setting",
                "send its logs to the Log Analytics workspace",
            )
    for item in settings:
        if item.body.member("scope") is None:
            file.report(item.place, "security", "a diagnostic setting without scope is that of the resource group")
        if property_of(item.body, "properties", "workspaceId") is None:
            file.report(item.place, "security", "a diagnostic setting without workspaceId leads nowhere")


def _basic_publishing(file: File) -> None:
    """Deployment by user name and password is on unless both of its forms are switched off."""
    sites = [
        item for item in file.resources() if full_type(item).startswith("Microsoft.Web/sites@") and not item.existing
    ]
    policies = [
        item.first_name for item in file.resources() if "/basicPublishingCredentialsPolicies@" in full_type(item)
    ]
    off = {item.value for item in policies if isinstance(item, Literal)}
    for site in sites:
        for form in sorted({"ftp", "scm"} - off):
            file.report(
                site.place,
                "security",
                f"'{site.name}' takes user name and password by {form}",
                f"a basicPublishingCredentialsPolicies '{form}' with allow: false",
            )


def _role_definition(resource: ResourceDeclaration, file: File) -> None:
    for node in walk(resource.body):
        if isinstance(node, Literal) and isinstance(node.value, str) and node.value.endswith("*"):
            file.report(
                node.place,
                "security",
                f"a role with '{node.value}' gives what nobody has thought of",
                "list the actions",
            )


def _role_assignment(resource: ResourceDeclaration, file: File) -> None:
    if property_of(resource.body, "properties", "principalType") is None:
        file.report(
            resource.place, "security", "a role assignment without principalType fails for identities that are new"
        )
    if resource.body.member("scope") is None:
        file.report(resource.place, "security", "a role assignment without scope gives rights on the whole group")


def _vault(resource: ResourceDeclaration, file: File) -> None:
    policies = property_of(resource.body, "properties", "accessPolicies")
    if isinstance(policies, Array) and policies.items:
        file.report(policies.place, "security", "access policies give rights beside the roles", "assign a role")


def _named_value(resource: ResourceDeclaration, file: File) -> None:
    secret = property_of(resource.body, "properties", "secret")
    if (
        isinstance(secret, Literal)
        and secret.value is True
        and property_of(resource.body, "properties", "keyVault") is None
    ):
        file.report(secret.place, "security", "a secret named value holds its value itself", "refer to Key Vault")


def _security_rule(resource: ResourceDeclaration, file: File) -> None:
    for node in walk(resource.body):
        if isinstance(node, Object) and _opens_all(node):
            file.report(node.place, "security", "this lets everybody in", "name sources and ports")


def _opens_all(node: Object) -> bool:
    wanted = {"access": ("Allow",), "direction": ("Inbound",), "sourceAddressPrefix": ("*", "Internet", "0.0.0.0/0")}
    found = {key: node.member(key) for key in wanted}
    return all(isinstance(value, Literal) and value.value in wanted[key] for key, value in found.items())


def _site(resource: ResourceDeclaration, file: File) -> None:
    origins = property_of(resource.body, "properties", "siteConfig", "cors", "allowedOrigins")
    if "*" in _strings(origins) and origins is not None:
        file.report(origins.place, "security", "pages of everybody may call", "name the origins")


_RULES: Final[dict[str, Callable[[ResourceDeclaration, File], None]]] = {
    "Microsoft.Authorization/roleDefinitions": _role_definition,
    "Microsoft.Authorization/roleAssignments": _role_assignment,
    "Microsoft.KeyVault/vaults": _vault,
    "Microsoft.ApiManagement/service/namedValues": _named_value,
    "Microsoft.Network/networkSecurityGroups": _security_rule,
    "Microsoft.Network/networkSecurityGroups/securityRules": _security_rule,
    "Microsoft.Web/sites": _site,
}


def _secrets(file: File) -> None:
    """Secrets are marked as such, have no defaults, and are never outputs."""
    for name, parameter in file.of(Parameter).items():
        plain = name.lower()
        looks_so = any(word in plain for word in _SECRET) and not any(word in plain for word in _NO_SECRET)
        if looks_so and parameter.decorator("secure") is None and file.using is None:
            file.report(parameter.place, "security", f"'{name}' looks like a secret and is not marked", "@secure()")
        if parameter.decorator("secure") and isinstance(parameter.default, Literal) and parameter.default.value:
            file.report(
                parameter.default.place, "security", f"the secret '{name}' has a default that everybody can read"
            )
    for output in file.of(Output).values():
        if output.value is not None and (leak := _leak(output.value, file)) is not None:
            file.report(
                leak.place, "security", f"the output '{output.name}' shows a secret to whoever may read deployments"
            )


def _leak(value: Expression, file: File) -> Expression | None:
    secure = {name for name, item in file.of(Parameter).items() if item.decorator("secure")}
    for node in walk(value):
        if isinstance(node, Call) and (node.name.startswith("list") or node.name == "getSecret"):
            return node
        if isinstance(node, Name) and node.name in secure:
            return node
        if isinstance(node, Access) and node.name in ("InstrumentationKey", "primaryKey"):
            return node
    return None
