// Every right that one part has on another, and nothing else has any. Called once for each resource group, with the names of
// what is in it. What each right is for: docs/operations.md, Rights.
param functionsPrincipalId string
param gatewayPrincipalIds string[] = []
param hostStorageName string = ''
param jobStorageName string = ''
param vaultName string = ''
param insightsName string = ''
param workspaceName string = ''

var roles = {
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  quantumWorkspaceDataContributor: 'c1410b24-3e69-4857-8f86-4d0a2e603250'
  storageAccountContributor: '17d1049b-9a84-46fb-8f53-869881c3d3ab'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: empty(vaultName) ? 'none' : vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: empty(insightsName) ? 'none' : insightsName
}

resource hostStorage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: empty(hostStorageName) ? 'none' : hostStorageName
}

resource jobStorage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: empty(jobStorageName) ? 'none' : jobStorageName
}

resource workspace 'Microsoft.Quantum/workspaces@2025-12-15-preview' existing = {
  name: empty(workspaceName) ? 'none' : workspaceName
}

// The Functions apps read which workspace to use, and the key of the webhooks.
resource functionsReadVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(vaultName)) {
  name: guid(vault.id, functionsPrincipalId, roles.keyVaultSecretsUser)
  scope: vault
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
  }
}

// Functions apps and gateways send telemetry.
resource telemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for principal in concat([functionsPrincipalId], gatewayPrincipalIds): if (!empty(insightsName)) {
  name: guid(insights.id, principal, roles.monitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: principal
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
  }
}]

// The host keeps its locks, its package and its notes.
resource hostRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in [roles.storageBlobDataOwner, roles.storageTableDataContributor]: if (!empty(hostStorageName)) {
  name: guid(hostStorage.id, functionsPrincipalId, role)
  scope: hostStorage
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}]

// The service keeps records, messages, programs and results.
resource jobRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in [roles.storageBlobDataContributor, roles.storageQueueDataContributor, roles.storageTableDataContributor]: if (!empty(jobStorageName)) {
  name: guid(jobStorage.id, functionsPrincipalId, role)
  scope: jobStorage
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}]

// The service submits, reads and cancels jobs.
resource functionsUseWorkspace 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(workspaceName)) {
  name: guid(workspace.id, functionsPrincipalId, roles.quantumWorkspaceDataContributor)
  scope: workspace
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.quantumWorkspaceDataContributor)
  }
}

// The workspace itself reaches the storage it is linked with; Azure Quantum asks for both.
resource workspaceRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in [roles.storageAccountContributor, roles.storageBlobDataContributor]: if (!empty(workspaceName)) {
  name: guid(jobStorage.id, workspace.id, role)
  scope: jobStorage
  properties: {
    principalId: workspace.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}]
