// A Functions app on Flex Consumption with the storage of its host: locks, keys, package. Jobs are kept elsewhere.
param name string
param planName string
param storageName string
param storageSku string
param location string
param tags object
param identityId string
param identityClientId string
param gatewayPrincipalId string
param functionsAppIdUri string
param functionsAppClientId string
param jobStorageName string
param keyVaultName string
param publicBaseUrl string
param monthlyBudgetOfOwner string
param insightsConnection string
param logsId string
param alwaysReady int
param callsPerInstance int
param maximumInstances int
param zoneRedundant bool

@description('Subnet of the app; empty: no network of its own.')
param subnetId string

var packageContainer = 'packages'
var isPrivate = !empty(subnetId)
var suffix = environment().suffixes.storage

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: storageName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: storageSku }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: isPrivate ? 'Deny' : 'Allow' }
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource packages 'containers' = {
      name: packageContainer
      properties: { publicAccess: 'None' }
    }
  }
}

resource storageLogged 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-logs'
  scope: storage::blobs
  properties: {
    workspaceId: logsId
    logs: [{ category: 'StorageWrite', enabled: true }]
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    virtualNetworkSubnetId: isPrivate ? subnetId : null
    keyVaultReferenceIdentity: identityId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReady > 0 ? [{ name: 'http', instanceCount: alwaysReady }] : []
        triggers: { http: { perInstanceConcurrency: callsPerInstance } }
      }
    }
  }
  dependsOn: [
    storage::blobs::packages
  ]

  resource settings 'config' = {
    name: 'appsettings'
    properties: {
      // The host: blobs and tables of its own, the queues of the jobs.
      AzureWebJobsStorage__blobServiceUri: 'https://${storageName}.blob.${suffix}'
      AzureWebJobsStorage__tableServiceUri: 'https://${storageName}.table.${suffix}'
      AzureWebJobsStorage__queueServiceUri: 'https://${jobStorageName}.queue.${suffix}'
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identityClientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnection
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
      // Spans and metrics of host and service: docs/operations.md, Telemetry. The first stands for host.json's telemetryMode.
      AzureFunctionsJobHost__telemetryMode: 'OpenTelemetry'
      PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
      PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME: 'quantum_jobs'
      OTEL_PYTHON_DISABLED_INSTRUMENTATIONS: 'azure_sdk,django,fastapi,flask,httpx,psycopg2,requests,urllib,urllib3'
      // Else the QDK sends its own usage figures to Microsoft.
      QDK_PYTHON_TELEMETRY: 'none'

      // The service: quantum_jobs/settings.py.
      KEY_VAULT_URL: 'https://${keyVaultName}${environment().suffixes.keyvaultDns}'
      STORAGE_ACCOUNT_NAME: jobStorageName
      STORAGE_SUFFIX: suffix
      AZURE_CLIENT_ID: identityClientId
      ENTRA_TENANT_ID: tenant().tenantId
      ENTRA_AUDIENCE: functionsAppIdUri
      PUBLIC_BASE_URL: publicBaseUrl
      GATEWAY_PRINCIPAL_ID: gatewayPrincipalId
      MONTHLY_BUDGET: monthlyBudgetOfOwner
    }
  }

  // Nobody but the gateway's identity gets in; the service checks the token again.
  resource entry 'config' = {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'Return401'
        excludedPaths: ['/v1/health/ready']
      }
      httpSettings: { requireHttps: true }
      login: { tokenStore: { enabled: false } }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: functionsAppClientId
            openIdIssuer: 'https://sts.windows.net/${tenant().tenantId}/'
          }
          validation: {
            allowedAudiences: [functionsAppIdUri]
            defaultAuthorizationPolicy: {
              allowedPrincipals: { identities: [gatewayPrincipalId] }
            }
          }
        }
      }
    }
  }

  resource noFtp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource noPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

resource appLogged 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-logs'
  scope: app
  properties: {
    workspaceId: logsId
    logs: [{ category: 'FunctionAppLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output storageName string = storage.name
