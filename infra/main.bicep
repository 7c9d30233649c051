// The whole service in one subscription. Resource groups: what all regions share, one stack per region, and the quantum
// resources, which a release never touches (provisionQuantum = false).
targetScope = 'subscription'

@description('Name of the environment; part of every name.')
@minLength(2)
@maxLength(16)
param environmentName string

@description('Region of the first stack, and of everything that exists once.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Region of the second stack; used unless haMode is single.')
param secondLocation string = 'northeurope'

@description('single: one region. pool: one gateway before Functions apps in two regions. frontDoor: gateway and Functions app in each of two regions, behind Front Door.')
@allowed(['single', 'pool', 'frontDoor'])
param haMode string = 'single'

@description('Azure Quantum has workspaces in these regions only.')
@allowed(['eastus', 'westus', 'northeurope', 'westeurope'])
param quantumLocation string = 'westeurope'

@description('Whether this deployment makes or changes workspace and job storage. The first one does, releases do not.')
param provisionQuantum bool = true

@description('Providers of the workspace. Their terms must have been accepted before.')
param quantumProviders { providerId: string, providerSku: string }[] = [
  { providerId: 'rigetti', providerSku: 'azure-basic-qvm-only-unlimited' }
]

@description('BasicV2, or StandardV2 where the Functions app shall be reachable from a network of yours only.')
@allowed(['BasicV2', 'StandardV2'])
param gatewaySku string = 'BasicV2'

@description('Scale units of each gateway.')
@minValue(1)
@maxValue(10)
param gatewayCapacity int = 1

@description('Private endpoints for vault, host storage and Functions app. Needs StandardV2. Job storage stays public: Azure Quantum reaches it from outside.')
param privateNetwork bool = false

@description('Spread plan and storage over the zones of a region.')
param zoneRedundant bool = false

@description('Redundancy of the job storage: records, programs and results.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS', 'Standard_RAGZRS'])
param jobStorageSku string = 'Standard_ZRS'

@description('Instances that are always warm for HTTP. They are billed while they wait; zone redundancy needs two.')
@minValue(0)
@maxValue(20)
param alwaysReady int = 0

@description('Calls that one instance answers at a time.')
@minValue(1)
@maxValue(1000)
param callsPerInstance int = 16

@description('Instances that each app may grow to.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 100

@description('Application of the API in Entra: its URI and its client id.')
param entraApiAudience string
param entraApiClientId string

@description('Application that guards the Functions app in Entra: its URI and its client id.')
param functionsAppIdUri string
param functionsAppClientId string

@description('The one page that may call the API from a browser.')
param consoleOrigin string = 'https://localhost'

@description('What an owner may spend in a month, in USD.')
param monthlyBudgetOfOwner string = '1000.00'

@description('What this environment may cost in a month, in the currency of the bill. Mails go out at 50, 80 and 100 percent.')
@minValue(1)
param monthlyBudget int = 1000

@description('First day of the month in which the budget begins.')
param budgetStart string = '2026-11-01'

@description('Who gets alerts and mails about the budget, and is named as publisher of the API.')
param operatorEmail string

@description('Whose name the API carries.')
param publisherName string = 'Quantum Jobs'

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

var prefixes = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var regions = haMode == 'single' ? [location] : [location, secondLocation]
var gatewayCount = haMode == 'frontDoor' ? 2 : 1
var behindFrontDoor = haMode == 'frontDoor'

// Names are made here and nowhere else, so that parts can name each other before they exist.
var names = {
  vault: take('${prefixes.vault}${token}', 24)
  jobStorage: take('${prefixes.storage}jobs${token}', 24)
  workspace: '${prefixes.workspace}${environmentName}-${token}'
  identity: '${prefixes.identity}${environmentName}-${token}'
  logs: '${prefixes.logs}${environmentName}-${token}'
  insights: '${prefixes.insights}${environmentName}-${token}'
  frontDoor: '${prefixes.frontDoor}${environmentName}-${token}'
}
var apps = [for region in regions: '${prefixes.app}${take(environmentName, 12)}-${token}-${take(region, 16)}']
var gateways = [for region in regions: '${prefixes.gateway}${take(environmentName, 12)}-${token}-${take(region, 16)}']
var hostStorages = [for (region, i) in regions: take('${prefixes.storage}host${i}${token}', 24)]

resource shared 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: '${prefixes.group}${environmentName}'
  location: location
  tags: tags
}

resource quantumGroup 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: '${prefixes.group}${environmentName}-quantum'
  location: quantumLocation
  tags: tags
}

resource stackGroups 'Microsoft.Resources/resourceGroups@2024-11-01' = [for region in regions: {
  name: '${prefixes.group}${environmentName}-${region}'
  location: region
  tags: tags
}]

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: shared
  params: {
    name: names.identity
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: shared
  params: {
    logsName: names.logs
    insightsName: names.insights
    location: location
    tags: tags
    retentionDays: logRetentionDays
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  scope: shared
  params: {
    name: names.vault
    location: location
    tags: tags
    logsId: monitoring.outputs.logsId
    publicAccess: !privateNetwork
  }
}

module quantum 'modules/quantum.bicep' = if (provisionQuantum) {
  name: 'quantum'
  scope: quantumGroup
  params: {
    workspaceName: names.workspace
    storageName: names.jobStorage
    storageSku: jobStorageSku
    location: quantumLocation
    tags: tags
    providers: quantumProviders
    logsId: monitoring.outputs.logsId
  }
}

// Written with the workspace and not by releases: an operator who points to another one is not overruled.
module workspaceEntry 'modules/workspace_entry.bicep' = if (provisionQuantum) {
  name: 'workspace-entry'
  scope: shared
  params: {
    vaultName: names.vault
    workspaceName: names.workspace
    workspaceGroup: quantumGroup.name
    workspaceLocation: quantumLocation
  }
  dependsOn: [
    vault
    quantum
  ]
}

module frontDoor 'modules/front_door.bicep' = if (behindFrontDoor) {
  name: 'front-door'
  scope: shared
  params: {
    name: names.frontDoor
    tags: tags
    gatewayNames: gateways
    logsId: monitoring.outputs.logsId
  }
}

var gatewayUrl = 'https://${gateways[0]}.azure-api.net'
var publicBaseUrl = '${behindFrontDoor ? frontDoor!.outputs.url : gatewayUrl}/quantum/v1'

module networks 'modules/network.bicep' = [for (region, i) in regions: if (privateNetwork) {
  name: 'network-${region}'
  scope: stackGroups[i]
  params: {
    name: '${prefixes.network}${environmentName}-${region}'
    location: region
    tags: tags
    addressSpace: '10.${20 + i}.0.0/16'
  }
}]

module gatewayServices 'modules/gateway.bicep' = [for i in range(0, gatewayCount): {
  name: 'gateway-${i}'
  scope: stackGroups[i]
  params: {
    name: gateways[i]
    location: regions[i]
    tags: tags
    sku: gatewaySku
    capacity: gatewayCapacity
    publisherEmail: operatorEmail
    publisherName: publisherName
    subnetId: privateNetwork ? networks[i]!.outputs.gatewaySubnetId : ''
    logsId: monitoring.outputs.logsId
  }
}]

module functionsApps 'modules/functions.bicep' = [for (region, i) in regions: {
  name: 'functions-${region}'
  scope: stackGroups[i]
  params: {
    name: apps[i]
    planName: '${prefixes.plan}${environmentName}-${region}'
    storageName: hostStorages[i]
    storageSku: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
    location: region
    tags: union(tags, { 'azd-service-name': i == 0 ? 'api' : 'api-second' })
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    gatewayPrincipalId: gatewayServices[behindFrontDoor ? i : 0].outputs.principalId
    functionsAppIdUri: functionsAppIdUri
    functionsAppClientId: functionsAppClientId
    jobStorageName: names.jobStorage
    keyVaultName: names.vault
    publicBaseUrl: publicBaseUrl
    monthlyBudgetOfOwner: monthlyBudgetOfOwner
    insightsConnection: monitoring.outputs.insightsConnection
    logsId: monitoring.outputs.logsId
    alwaysReady: zoneRedundant ? max(alwaysReady, 2) : alwaysReady
    callsPerInstance: callsPerInstance
    maximumInstances: maximumInstances
    zoneRedundant: zoneRedundant
    subnetId: privateNetwork ? networks[i]!.outputs.functionsSubnetId : ''
  }
}]

module privateEndpoints 'modules/private_endpoints.bicep' = [for (region, i) in regions: if (privateNetwork) {
  name: 'private-endpoints-${region}'
  scope: stackGroups[i]
  params: {
    location: region
    tags: tags
    networkId: networks[i]!.outputs.id
    subnetId: networks[i]!.outputs.endpointsSubnetId
    vaultId: vault.outputs.id
    storageName: hostStorages[i]
    appNames: haMode == 'pool' && i == 0 ? apps : [apps[i]]
    appGroups: haMode == 'pool' && i == 0 ? map(regions, place => '${prefixes.group}${environmentName}-${place}') : [stackGroups[i].name]
  }
  dependsOn: [
    functionsApps
  ]
}]

module gatewayApis 'modules/gateway_api.bicep' = [for i in range(0, gatewayCount): {
  name: 'gateway-api-${i}'
  scope: stackGroups[i]
  params: {
    gatewayName: gateways[i]
    functionsHosts: haMode == 'pool' ? map(apps, app => '${app}.azurewebsites.net') : ['${apps[i]}.azurewebsites.net']
    publicBaseUrl: publicBaseUrl
    entraApiAudience: entraApiAudience
    entraApiClientId: entraApiClientId
    functionsAppIdUri: functionsAppIdUri
    consoleOrigin: consoleOrigin
    insightsConnection: monitoring.outputs.insightsConnection
  }
  dependsOn: [
    gatewayServices
    sharedRoles
  ]
}]

module sharedRoles 'modules/roles.bicep' = {
  name: 'roles-shared'
  scope: shared
  params: {
    functionsPrincipalId: identity.outputs.principalId
    gatewayPrincipalIds: [for i in range(0, gatewayCount): gatewayServices[i].outputs.principalId]
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
  }
}

module stackRoles 'modules/roles.bicep' = [for (region, i) in regions: {
  name: 'roles-${region}'
  scope: stackGroups[i]
  params: {
    functionsPrincipalId: identity.outputs.principalId
    hostStorageName: functionsApps[i].outputs.storageName
  }
}]

module quantumRoles 'modules/roles.bicep' = if (provisionQuantum) {
  name: 'roles-quantum'
  scope: quantumGroup
  params: {
    functionsPrincipalId: identity.outputs.principalId
    jobStorageName: names.jobStorage
    workspaceName: names.workspace
  }
  dependsOn: [
    quantum
  ]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: shared
  params: {
    location: location
    tags: tags
    logsId: monitoring.outputs.logsId
    insightsId: monitoring.outputs.insightsId
    operatorEmail: operatorEmail
    healthUrl: '${publicBaseUrl}/health/live'
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: shared
  params: {
    location: location
    tags: tags
    logsId: monitoring.outputs.logsId
  }
}

module budget 'modules/budget.bicep' = {
  name: 'budget'
  params: {
    name: 'quantum-jobs-${environmentName}'
    amount: monthlyBudget
    start: budgetStart
    email: operatorEmail
    groups: concat([shared.name, quantumGroup.name], map(regions, region => '${prefixes.group}${environmentName}-${region}'))
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = shared.name
output API_URL string = publicBaseUrl
output API_AUDIENCE string = entraApiAudience
output FUNCTIONS_APP_NAMES array = apps
output FUNCTIONS_GROUP_NAMES array = map(regions, region => '${prefixes.group}${environmentName}-${region}')
output GATEWAY_NAME string = gateways[0]
output KEY_VAULT_NAME string = names.vault
output JOB_STORAGE_NAME string = names.jobStorage
output QUANTUM_GROUP string = quantumGroup.name
output QUANTUM_WORKSPACE string = names.workspace
