"""Defects that are planted into infra/, one at a time: file, old text, new text, the rule that must tell."""

from typing import Final, NamedTuple


class Planted(NamedTuple):
    file: str
    old: str
    new: str
    rule: str

    def __str__(self) -> str:
        return f"{self.file}-{self.new.strip()[:40]}".replace("\n", " ").replace(" ", "_")


_FUNCTIONS, _QUANTUM, _VAULT, _ROLES = "functions.bicep", "quantum.bicep", "vault.bicep", "roles.bicep"
_GATEWAY, _API, _NETWORK, _ALERTS = "gateway.bicep", "gateway_api.bicep", "network.bicep", "alerts.bicep"

# What the checker must find.
TYPES: Final = [
    Planted(_FUNCTIONS, "httpsOnly: true", "httpOnly: true", "property"),
    Planted(_FUNCTIONS, "instanceMemoryMB: 2048", "instanceMemoryMb: 2048", "property"),
    Planted(
        _FUNCTIONS, "perInstanceConcurrency: callsPerInstance", "perInstanceConcurrency: '${callsPerInstance}'", "kind"
    ),
    Planted(
        _FUNCTIONS,
        "alwaysReady > 0 ? [{ name: 'http', instanceCount: alwaysReady }] : []",
        "{ name: 'http', instanceCount: 1 }",
        "kind",
    ),
    Planted(_FUNCTIONS, "minTlsVersion: '1.2'", "minTlsVersion: '1.4'", "value"),
    Planted(_FUNCTIONS, "type: 'UserAssigned'\n", "type: 'UserAsigned'\n", "value"),
    Planted(_FUNCTIONS, "type: 'blobContainer'", "type: 'blob'", "value"),
    Planted(_FUNCTIONS, "name: 'authsettingsV2'", "name: 'authsettingsV3'", "value"),
    Planted(_FUNCTIONS, "requireAuthentication: true", "requireAuthentication: 'yes'", "kind"),
    Planted(_FUNCTIONS, "Microsoft.Web/sites@2024-11-01", "Microsoft.Web/sites@2024-12-01", "resource-type"),
    Planted(
        _FUNCTIONS,
        "'basicPublishingCredentialsPolicies' = {\n    name: 'ftp'",
        "'basicPublishingPolicies' = {\n    name: 'ftp'",
        "resource-type",
    ),
    Planted(_QUANTUM, "kind: 'StorageV2'", "kind: 'StorageV3'", "value"),
    Planted(_QUANTUM, "accessTier: 'Hot'", "accessTier: 'Warm'", "value"),
    Planted(
        _QUANTUM,
        "deleteRetentionPolicy: { enabled: true, days: 7 }",
        "deleteRetentionPolicy: { enabled: true, days: 700 }",
        "range",
    ),
    Planted(_QUANTUM, "  sku: { name: storageSku }\n", "", "missing"),
    Planted(
        _QUANTUM,
        "storageAccount: storage.id",
        "storageAccount: storage.id\n    endpointUri: 'https://westeurope.quantum.azure.com'",
        "read-only",
    ),
    Planted(_QUANTUM, "workspaceKind: 'V2'", "workspaceKind: 'V3'", "value"),
    Planted(
        _QUANTUM,
        "Microsoft.Quantum/workspaces@2025-12-15-preview' =",
        "Microsoft.Quantum/workspace@2025-12-15-preview' =",
        "resource-type",
    ),
    Planted(_QUANTUM, "level: 'CanNotDelete'", "level: 'DoNotDelete'", "value"),
    Planted(_VAULT, "location: location", "", "missing"),
    Planted(_VAULT, "family: 'A'", "family: 'B'", "value"),
    Planted(_VAULT, "softDeleteRetentionInDays: 90", "softDeleteRetentionInDays: '90'", "kind"),
    Planted(_ROLES, "principalType: 'ServicePrincipal'", "principalType: 'Service'", "value"),
    Planted("workspace_entry.bicep", "name: 'quantum-workspace'", "name: 'quantum_workspace'", "pattern"),
    Planted("front_door.bicep", "probeRequestType: 'GET'", "probeRequestType: 'POST'", "value"),
    Planted("front_door.bicep", "sku: { name: 'Standard_AzureFrontDoor' }", "sku: 'Standard_AzureFrontDoor'", "kind"),
    Planted(_NETWORK, "protocol: '*'", "protocol: 'HTTPS'", "value"),
    Planted(_NETWORK, "priority: 4000", "priority: '4000'", "kind"),
    Planted(
        _ALERTS,
        "evaluationFrequency: 'PT5M'\n    windowSize: rule",
        "evaluationFrequency: 5\n    windowSize: rule",
        "kind",
    ),
    Planted(
        _ALERTS,
        "'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'",
        "'odata.type': 'WebtestLocationAvailabilityCriteria'",
        "value",
    ),
    Planted("budget.bicep", "amount: amount", "amount: start", "kind"),
    Planted(_API, "format: 'openapi+json'", "format: 'openapi-json'", "value"),
]
NAMES: Final = [
    Planted(_NETWORK, "'${name}-rules'", "'{name}-rules'", "interpolation"),
    Planted(_FUNCTIONS, ".table.${suffix}'", ".table.$suffix'", "interpolation"),
    Planted(_VAULT, "{ family: 'A', name: 'standard' }", "{ family: 'A' name: 'standard' }", "syntax"),
    Planted("budget.bicep", "[50, 80, 100]", "[50, 80 100]", "syntax"),
    Planted(_FUNCTIONS, "serverFarmId: plan.id", "serverFarmId: plans.id", "symbol"),
    Planted(
        _FUNCTIONS, "storage.properties.primaryEndpoints.blob", "storage.properties.primaryEndpoint.blob", "property"
    ),
    Planted(_FUNCTIONS, "tenant().tenantId", "tenant().id", "property"),
    Planted(_FUNCTIONS, "suffixes.storage", "suffixes.blob", "property"),
    Planted(_FUNCTIONS, "scope: storage::blobs", "scope: storage::blob", "symbol"),
    Planted(_FUNCTIONS, "param zoneRedundant bool", "param zoneRedundant boolean", "type"),
    Planted(
        _FUNCTIONS, "var packageContainer = 'packages'", "var packageContainer = 'packages'\nvar unused = 1", "unused"
    ),
    Planted(_QUANTUM, "param logsId string", "param logsId string\nparam storageName string", "name-twice"),
    Planted("main.bicep", "toLower(uniqueString(", "lower(uniqueString(", "function"),
    Planted("main.bicep", "take('${prefixes.vault}${token}', 24)", "take('${prefixes.vault}${token}')", "arity"),
    Planted("main.bicep", "prefixes.plan}", "prefixes.plans}", "property"),
    Planted("main.bicep", "!privateNetwork\n", "!location\n", "kind"),
    Planted("main.bicep", "haMode == 'frontDoor' ? 2", "haMode == 'frontdoor' ? 2", "kind"),
    Planted(_API, "'../../apim/policy.xml'", "'../../apim/policies.xml'", "file"),
    Planted(_API, "var specification = loadJsonContent(", "var specification = loadTextContent(", "file"),
    Planted(_API, "tree.backend.properties.circuitBreaker", "tree.backend.properties.breaker", "property"),
    Planted("budget.bicep", "param amount int", "param amount int = '5'", "kind"),
    Planted("identity.bicep", "output id string = identity.id", "output id int = identity.id", "kind"),
    Planted("identity.bicep", "}\n\noutput", "\n\noutput", "syntax"),
]
MODULES: Final = [
    Planted("main.bicep", "    name: names.identity\n", "", "missing"),
    Planted("main.bicep", "identityId: identity.outputs.id", "identityId: identity.outputs.resourceId", "property"),
    Planted("main.bicep", "retentionDays: logRetentionDays", "retention: logRetentionDays", "property"),
    Planted("main.bicep", "retentionDays: logRetentionDays", "retentionDays: environmentName", "kind"),
    Planted("main.bicep", "providers: quantumProviders", "providers: [{ providerId: 'ionq' }]", "missing"),
    Planted("main.bicep", "'modules/vault.bicep'", "'modules/vaults.bicep'", "module-file"),
    Planted("main.bicep", "  name: 'identity'\n  scope: shared\n", "  name: 'identity'\n", "scope"),
    Planted("main.bicep", "  name: 'budget'\n", "  name: 'budget'\n  scope: shared\n", "scope"),
    Planted("main.bicep", "name: 'alerts'\n  scope: shared", "name: 'alerts'\n  scope: identity", "scope"),
    Planted(
        "main.bicepparam",
        "param quantumLocation = readEnvironmentVariable('QUANTUM_LOCATION', 'westeurope')",
        "param quantumLocation = 'germanywestcentral'",
        "value",
    ),
    Planted("main.bicepparam", "param alwaysReady = int(", "param always = int(", "property"),
    Planted("main.bicepparam", "param operatorEmail = readEnvironmentVariable('OPERATOR_EMAIL')", "", "missing"),
]
ORDER: Final = [
    Planted(_ROLES, "'ba92f5b4-2d11-453d-a403-e96b0029c9fe'", "'ba92f5b4-2d11-453da403-e96b0029c9fe'", "role-name"),
    Planted("front_door.bicep", "  parent: group\n", "", "parent"),
    Planted(_VAULT, "name: name\n", "name: '${name}${vault.properties.vaultUri}'\n", "start-value"),
    Planted(
        _ROLES,
        "guid(jobStorage.id, workspace.id, role)",
        "guid(jobStorage.id, workspace.identity.principalId, role)",
        "start-value",
    ),
    Planted(
        "main.bicep",
        "for i in range(0, gatewayCount): {\n  name: 'gateway-",
        "for i in range(0, length(identity.outputs.id)): {\n  name: 'gateway-",
        "start-value",
    ),
    Planted(
        "main.bicep",
        "    name: names.identity\n",
        "    name: vault.outputs.name\n    tags2: quantum.outputs\n",
        "property",
    ),
    Planted("main.bicep", "logsName: names.logs", "logsName: vault.outputs.name", "cycle"),
    Planted(_QUANTUM, "scope: storage\n", "scope: kept\n", "cycle"),
    Planted("front_door.bicep", "parent: group\n", "parent: endpoint\n", "parent"),
    Planted("workspace_entry.bicep", "  parent: vault\n", "", "parent"),
    Planted(_VAULT, "scope: vault", "scope: resourceGroup()", "scope"),
    Planted(_ROLES, "'4633458b-17de-408a-b874-0445c86b69e6'", "'4633458b-17de-408a-b874-0445c86b69e7'", "role"),
    Planted(_ROLES, "'4633458b-17de-408a-b874-0445c86b69e6'", "'3913510d-42f4-4e42-8a64-420c390055eb'", "role-name"),
    Planted(
        _ROLES, "'c1410b24-3e69-4857-8f86-4d0a2e603250'", "'b24988ac-6180-42a0-ab88-20f7382dd24c'", "role-too-much"
    ),
]
SECURITY: Final = [
    Planted(_QUANTUM, "  scope: storage::queues\n", "", "security"),
    Planted(_ROLES, "  scope: vault\n", "", "security"),
    Planted(_QUANTUM, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "security"),
    Planted(_QUANTUM, "    allowBlobPublicAccess: false\n", "", "security"),
    Planted(_QUANTUM, "minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: 'TLS1_0'", "security"),
    Planted(_QUANTUM, "supportsHttpsTrafficOnly: true", "supportsHttpsTrafficOnly: false", "security"),
    Planted(_QUANTUM, "apiKeyEnabled: false", "apiKeyEnabled: true", "security"),
    Planted(_FUNCTIONS, "publicAccess: 'None'", "publicAccess: 'Blob'", "security"),
    Planted(_FUNCTIONS, "httpsOnly: true", "httpsOnly: false", "security"),
    Planted(_FUNCTIONS, "ftpsState: 'Disabled'", "ftpsState: 'AllAllowed'", "security"),
    Planted(
        _FUNCTIONS,
        "    name: 'scm'\n    properties: { allow: false }",
        "    name: 'scm'\n    properties: { allow: true }",
        "security",
    ),
    Planted(_FUNCTIONS, "  scope: app\n", "  scope: plan\n", "security"),
    Planted(_VAULT, "enablePurgeProtection: true", "enablePurgeProtection: false", "security"),
    Planted(_VAULT, "enableRbacAuthorization: true", "enableRbacAuthorization: false", "security"),
    Planted(_VAULT, "    workspaceId: logsId\n", "", "security"),
    Planted("monitoring.bicep", "DisableLocalAuth: true", "DisableLocalAuth: false", "security"),
    Planted("monitoring.bicep", "disableLocalAuth: true", "disableLocalAuth: false", "security"),
    Planted(
        "monitoring.bicep", "insights.properties.ConnectionString", "insights.properties.InstrumentationKey", "security"
    ),
    Planted(_ROLES, "    principalType: 'ServicePrincipal'\n", "", "security"),
    Planted(_NETWORK, "access: 'Deny'", "access: 'Allow'", "security"),
    Planted(_API, "validateCertificateName: true", "validateCertificateName: false", "security"),
    Planted(_API, "    secret: false", "    secret: true", "security"),
    Planted(
        "main.bicep",
        "param publisherName string",
        "param publisherPassword string = ''\nparam publisherName string",
        "security",
    ),
]
CAUGHT: Final = [*TYPES, *NAMES, *MODULES, *ORDER, *SECURITY]

# What it cannot find; docs/deploy.md says so. A defect that is found after all belongs above.
MISSED: Final = [
    Planted(
        "network.bicep", "Microsoft.App/environments", "Microsoft.Web/environments", "a value the types leave open"
    ),
    Planted(_FUNCTIONS, "version: '3.13'", "version: '3.8'", "a value the types leave open"),
    Planted(
        _FUNCTIONS,
        "AzureWebJobsStorage__credential: 'managedidentity'",
        "AzureWebJobsStorage__credential: 'identity'",
        "the meaning of a setting",
    ),
    Planted(
        "main.bicep",
        "jobStorage: take('${prefixes.storage}jobs${token}', 24)",
        "jobStorage: '${prefixes.storage}-jobs-${token}'",
        "the outcome of an expression",
    ),
    Planted(_NETWORK, "'${block}.1.0/24'", "'${block}.0.0/24'", "the outcome of an expression"),
    Planted("front_door.bicep", "  dependsOn: [\n    origins\n  ]\n", "", "an order that only Azure asks for"),
    Planted("private_endpoints.bicep", "groupIds: ['sites']", "groupIds: ['site']", "a value the types leave open"),
    Planted(_ALERTS, "'emea-nl-ams-azr'", "'emea-nl-ams'", "a value the types leave open"),
]
