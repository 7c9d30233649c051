// One page to look at first.
param location string
param tags object
param logsId string

var queries = [
  { title: 'Calls over time', text: loadTextContent('../queries/calls-over-time.kql') }
  { title: 'Calls by operation', text: loadTextContent('../queries/calls.kql') }
  { title: 'Jobs', text: loadTextContent('../queries/jobs.kql') }
  { title: 'Cost', text: loadTextContent('../queries/cost.kql') }
  { title: 'Shepherd and webhooks', text: loadTextContent('../queries/shepherd.kql') }
  { title: 'Exceptions', text: loadTextContent('../queries/exceptions.kql') }
]

var items = [for (query, i) in queries: {
  type: 3
  name: 'query-${i}'
  content: {
    version: 'KqlItem/1.0'
    title: query.title
    query: query.text
    size: 0
    timeContext: { durationMs: 86400000 }
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    crossComponentResources: [logsId]
  }
}]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'quantum-jobs')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Quantum Jobs'
    category: 'workbook'
    sourceId: logsId
    version: 'Notebook/1.0'
    serializedData: string({ version: 'Notebook/1.0', items: items, fallbackResourceIds: [logsId] })
  }
}
