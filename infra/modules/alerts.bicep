// What wakes somebody. Each query gives a row only when something is wrong; docs/operations.md says what to do.
param location string
param tags object
param logsId string
param insightsId string
param operatorEmail string

@description('Address that anybody may call, through Front Door and gateway.')
param healthUrl string

var rules = [
  { name: 'failures', severity: 1, window: 'PT15M', query: loadTextContent('../queries/failures.kql') }
  { name: 'slow-submits', severity: 2, window: 'PT15M', query: loadTextContent('../queries/slow-submits.kql') }
  { name: 'throttled', severity: 3, window: 'PT15M', query: loadTextContent('../queries/throttled.kql') }
  { name: 'poison', severity: 1, window: 'PT15M', query: loadTextContent('../queries/poison.kql') }
  { name: 'shepherd-silent', severity: 1, window: 'PT30M', query: loadTextContent('../queries/shepherd-silent.kql') }
  { name: 'shepherd-failing', severity: 2, window: 'PT15M', query: loadTextContent('../queries/shepherd-failing.kql') }
  { name: 'jobs-failing', severity: 3, window: 'PT30M', query: loadTextContent('../queries/jobs-failing.kql') }
  { name: 'quota-reached', severity: 2, window: 'PT1H', query: loadTextContent('../queries/quota-reached.kql') }
]

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'operators'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'operators'
    enabled: true
    emailReceivers: [{ name: 'operators', emailAddress: operatorEmail, useCommonAlertSchema: true }]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: rule.name
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Quantum Jobs: ${rule.name}'
    severity: rule.severity
    enabled: true
    scopes: [logsId]
    evaluationFrequency: 'PT5M'
    windowSize: rule.window
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: [operators.id] }
  }
}]

resource probe 'Microsoft.Insights/webtests@2022-06-15' = {
  name: 'health'
  location: location
  // The platform finds the Application Insights of a test by this tag.
  tags: union(tags, { 'hidden-link:${insightsId}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: 'health'
    Name: 'health'
    Kind: 'standard'
    Enabled: true
    Frequency: 300
    Timeout: 30
    RetryEnabled: true
    Locations: [{ Id: 'emea-nl-ams-azr' }, { Id: 'us-va-ash-azr' }, { Id: 'apac-sg-sin-azr' }]
    Request: { RequestUrl: healthUrl, HttpVerb: 'GET' }
    ValidationRules: { ExpectedHttpStatusCode: 200, SSLCheck: true, SSLCertRemainingLifetimeCheck: 14 }
  }
}

resource away 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'not-reachable'
  location: 'global'
  tags: tags
  properties: {
    description: 'Two of three places in the world cannot reach the API.'
    severity: 0
    enabled: true
    scopes: [probe.id, insightsId]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: probe.id
      componentId: insightsId
      failedLocationCount: 2
    }
    actions: [{ actionGroupId: operators.id }]
  }
}
