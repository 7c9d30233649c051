// The API Management service itself; what it does is in gateway_api.bicep.
param name string
param location string
param tags object
param sku string
param capacity int
param publisherEmail string
param publisherName string
param logsId string

@description('Subnet from which it reaches the Functions apps; empty: over the internet. Standard v2 only.')
param subnetId string

resource gateway 'Microsoft.ApiManagement/service@2024-05-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku, capacity: capacity }
  identity: { type: 'SystemAssigned' }
  properties: {
    publisherEmail: publisherEmail
    publisherName: publisherName
    virtualNetworkType: empty(subnetId) ? 'None' : 'External'
    virtualNetworkConfiguration: empty(subnetId) ? null : { subnetResourceId: subnetId }
  }
}

resource logged 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-logs'
  scope: gateway
  properties: {
    workspaceId: logsId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'GatewayLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output principalId string = gateway.identity.principalId
