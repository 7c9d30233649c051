// The network of one stack: a subnet for the Functions app, one for the gateway, one for private endpoints.
param name string
param location string
param tags object
param addressSpace string

var first = split(addressSpace, '.')
var block = '${first[0]}.${first[1]}'

resource rules 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: '${name}-rules'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'nobody-from-the-internet'
        properties: {
          priority: 4000
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressSpace] }
    subnets: [
      {
        name: 'functions'
        properties: {
          addressPrefix: '${block}.0.0/24'
          networkSecurityGroup: { id: rules.id }
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'gateway'
        properties: {
          addressPrefix: '${block}.1.0/24'
          networkSecurityGroup: { id: rules.id }
          delegations: [{ name: 'gateway', properties: { serviceName: 'Microsoft.Web/serverFarms' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '${block}.2.0/24'
          networkSecurityGroup: { id: rules.id }
        }
      }
    ]
  }

  resource functions 'subnets' existing = {
    name: 'functions'
  }

  resource gateway 'subnets' existing = {
    name: 'gateway'
  }

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

output id string = network.id
output functionsSubnetId string = network::functions.id
output gatewaySubnetId string = network::gateway.id
output endpointsSubnetId string = network::endpoints.id
