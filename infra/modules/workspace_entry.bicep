// The entry of the vault that says which workspace to use (docs/operations.md).
param vaultName string
param workspaceName string
param workspaceGroup string
param workspaceLocation string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource workspace 'Microsoft.Quantum/workspaces@2025-12-15-preview' existing = {
  name: workspaceName
  scope: resourceGroup(workspaceGroup)
}

resource entry 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'quantum-workspace'
  properties: {
    contentType: 'application/json'
    value: string({
      subscriptionId: subscription().subscriptionId
      resourceGroup: workspaceGroup
      name: workspaceName
      location: workspaceLocation
      endpoint: workspace.properties.endpointUri
    })
  }
}
