// Workspace and job storage. They hold what cannot be made again: jobs, records, results.
param workspaceName string
param storageName string
param storageSku string
param location string
param tags object
param providers { providerId: string, providerSku: string }[]
param logsId string

// Public network access: Azure Quantum and the providers come from outside. Nobody enters without a role or a signature.
resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: storageName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: storageSku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }
  }

  resource queues 'queueServices' = {
    name: 'default'
  }

  resource tables 'tableServices' = {
    name: 'default'
  }

  resource lifecycle 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            name: 'uploads-end-after-a-day'
            type: 'Lifecycle'
            enabled: true
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['uploads/'] }
              actions: { baseBlob: { delete: { daysAfterCreationGreaterThan: 1 } } }
            }
          }
        ]
      }
    }
  }
}

resource blobsLogged 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-logs'
  scope: storage::blobs
  properties: {
    workspaceId: logsId
    logs: [{ category: 'StorageDelete', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource queuesLogged 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-logs'
  scope: storage::queues
  properties: {
    workspaceId: logsId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource tablesLogged 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-logs'
  scope: storage::tables
  properties: {
    workspaceId: logsId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource kept 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'records-and-results'
  scope: storage
  properties: {
    level: 'CanNotDelete'
    notes: 'Records, programs and results of all jobs.'
  }
}

resource workspace 'Microsoft.Quantum/workspaces@2025-12-15-preview' = {
  name: workspaceName
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    apiKeyEnabled: false
    providers: providers
    storageAccount: storage.id
    workspaceKind: 'V2'
  }
}
