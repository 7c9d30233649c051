// Private endpoints of one stack, and the zones in which its network finds them.
param location string
param tags object
param networkId string
param subnetId string
param vaultId string
param storageName string

@description('The Functions apps that this network reaches, and the resource group of each.')
param appNames string[]
param appGroups string[]

var storageId = resourceId('Microsoft.Storage/storageAccounts', storageName)
var suffix = environment().suffixes.storage
var zoneNames = [
  'privatelink.vaultcore.azure.net'
  'privatelink.blob.${suffix}'
  'privatelink.table.${suffix}'
  'privatelink.azurewebsites.net'
]
var shared = [
  { name: 'vault', target: vaultId, part: 'vault', zone: 0 }
  { name: 'host-blobs', target: storageId, part: 'blob', zone: 1 }
  { name: 'host-tables', target: storageId, part: 'table', zone: 2 }
]

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for zone in zoneNames: {
  name: zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (zone, i) in zoneNames: {
  parent: zones[i]
  name: 'stack'
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: networkId }
  }
}]

resource endpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [for item in shared: {
  name: 'pe-${item.name}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: item.name
        properties: { privateLinkServiceId: item.target, groupIds: [item.part] }
      }
    ]
  }
}]

resource registered 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (item, i) in shared: {
  parent: endpoints[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: item.name, properties: { privateDnsZoneId: zones[item.zone].id } }]
  }
}]

resource appEndpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [for (app, i) in appNames: {
  name: 'pe-${app}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: app
        properties: {
          privateLinkServiceId: resourceId(appGroups[i], 'Microsoft.Web/sites', app)
          groupIds: ['sites']
        }
      }
    ]
  }
}]

resource appsRegistered 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (app, i) in appNames: {
  parent: appEndpoints[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: 'app', properties: { privateDnsZoneId: zones[3].id } }]
  }
}]
