// What the gateway does, from the files of apim/ as they are: the same that the local gateway runs.
// Every file of that tree is named here (a test holds the two against each other).
param gatewayName string

@description('Host names of the Functions apps: one, or several of which the first is preferred.')
param functionsHosts string[]
param publicBaseUrl string
param entraApiAudience string
param entraApiClientId string
param functionsAppIdUri string
param consoleOrigin string
param insightsConnection string

var tree = {
  api: loadJsonContent('../../apim/apis/quantum-jobs/apiInformation.json')
  versions: loadJsonContent('../../apim/version sets/quantum-jobs/versionSetInformation.json')
  backend: loadJsonContent('../../apim/backends/functions/backendInformation.json')
  logger: loadJsonContent('../../apim/loggers/applicationinsights/loggerInformation.json')
  diagnostic: loadJsonContent('../../apim/apis/quantum-jobs/diagnostics/applicationinsights/diagnosticInformation.json')
}

// Longer than loadTextContent takes.
var specification = loadJsonContent('../../apim/apis/quantum-jobs/specification.json')

var namedValues = [
  loadJsonContent('../../apim/named values/anonymous-calls-per-minute/namedValueInformation.json')
  loadJsonContent('../../apim/named values/caller-calls-per-minute/namedValueInformation.json')
  loadJsonContent('../../apim/named values/console-origin/namedValueInformation.json')
  loadJsonContent('../../apim/named values/entra-api-audience/namedValueInformation.json')
  loadJsonContent('../../apim/named values/entra-api-client-id/namedValueInformation.json')
  loadJsonContent('../../apim/named values/entra-tenant-id/namedValueInformation.json')
  loadJsonContent('../../apim/named values/estimates-per-minute/namedValueInformation.json')
  loadJsonContent('../../apim/named values/functions-app-id-uri/namedValueInformation.json')
  loadJsonContent('../../apim/named values/list-cost-per-minute/namedValueInformation.json')
  loadJsonContent('../../apim/named values/public-base-url/namedValueInformation.json')
  loadJsonContent('../../apim/named values/result-cache-seconds/namedValueInformation.json')
  loadJsonContent('../../apim/named values/status-done-fresh-seconds/namedValueInformation.json')
  loadJsonContent('../../apim/named values/status-fresh-seconds/namedValueInformation.json')
  loadJsonContent('../../apim/named values/submit-cost-of-machine/namedValueInformation.json')
  loadJsonContent('../../apim/named values/submit-cost-per-minute/namedValueInformation.json')
  loadJsonContent('../../apim/named values/target-submits-per-minute/namedValueInformation.json')
  loadJsonContent('../../apim/named values/targets-cache-seconds/namedValueInformation.json')
  loadJsonContent('../../apim/named values/webhook-calls-per-minute/namedValueInformation.json')
]

// What the tree leaves to the deployment.
var given = {
  'console-origin': consoleOrigin
  'entra-api-audience': entraApiAudience
  'entra-api-client-id': entraApiClientId
  'entra-tenant-id': tenant().tenantId
  'functions-app-id-uri': functionsAppIdUri
  'public-base-url': publicBaseUrl
}

var fragmentFiles = [
  {
    name: 'answer-cached-job'
    about: loadJsonContent('../../apim/policy fragments/answer-cached-job/policyFragmentInformation.json')
    policy: loadTextContent('../../apim/policy fragments/answer-cached-job/policy.xml')
  }
  {
    name: 'if-none-match'
    about: loadJsonContent('../../apim/policy fragments/if-none-match/policyFragmentInformation.json')
    policy: loadTextContent('../../apim/policy fragments/if-none-match/policy.xml')
  }
  {
    name: 'limit-webhooks'
    about: loadJsonContent('../../apim/policy fragments/limit-webhooks/policyFragmentInformation.json')
    policy: loadTextContent('../../apim/policy fragments/limit-webhooks/policy.xml')
  }
  {
    name: 'not-modified'
    about: loadJsonContent('../../apim/policy fragments/not-modified/policyFragmentInformation.json')
    policy: loadTextContent('../../apim/policy fragments/not-modified/policy.xml')
  }
  {
    name: 'plain-path'
    about: loadJsonContent('../../apim/policy fragments/plain-path/policyFragmentInformation.json')
    policy: loadTextContent('../../apim/policy fragments/plain-path/policy.xml')
  }
  {
    name: 'require-submit'
    about: loadJsonContent('../../apim/policy fragments/require-submit/policyFragmentInformation.json')
    policy: loadTextContent('../../apim/policy fragments/require-submit/policy.xml')
  }
  {
    name: 'to-backend'
    about: loadJsonContent('../../apim/policy fragments/to-backend/policyFragmentInformation.json')
    policy: loadTextContent('../../apim/policy fragments/to-backend/policy.xml')
  }
]

var operationFiles = [
  {
    name: 'any-path-delete'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/any-path-delete/policy.xml')
  }
  {
    name: 'any-path-get'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/any-path-get/policy.xml')
  }
  {
    name: 'any-path-head'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/any-path-head/policy.xml')
  }
  {
    name: 'any-path-patch'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/any-path-patch/policy.xml')
  }
  {
    name: 'any-path-post'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/any-path-post/policy.xml')
  }
  {
    name: 'any-path-put'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/any-path-put/policy.xml')
  }
  {
    name: 'cancel-job'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/cancel-job/policy.xml')
  }
  {
    name: 'create-upload'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/create-upload/policy.xml')
  }
  {
    name: 'create-webhook'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/create-webhook/policy.xml')
  }
  {
    name: 'delete-job'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/delete-job/policy.xml')
  }
  {
    name: 'delete-webhook'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/delete-webhook/policy.xml')
  }
  {
    name: 'estimate-job'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/estimate-job/policy.xml')
  }
  {
    name: 'get-error'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/get-error/policy.xml')
  }
  {
    name: 'get-job'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/get-job/policy.xml')
  }
  {
    name: 'get-openapi'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/get-openapi/policy.xml')
  }
  {
    name: 'get-program'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/get-program/policy.xml')
  }
  {
    name: 'get-raw-result'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/get-raw-result/policy.xml')
  }
  {
    name: 'get-result'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/get-result/policy.xml')
  }
  {
    name: 'get-target'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/get-target/policy.xml')
  }
  {
    name: 'get-usage'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/get-usage/policy.xml')
  }
  {
    name: 'get-webhook'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/get-webhook/policy.xml')
  }
  {
    name: 'health-live'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/health-live/policy.xml')
  }
  {
    name: 'list-jobs'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/list-jobs/policy.xml')
  }
  {
    name: 'list-targets'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/list-targets/policy.xml')
  }
  {
    name: 'list-webhooks'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/list-webhooks/policy.xml')
  }
  {
    name: 'patch-job'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/patch-job/policy.xml')
  }
  {
    name: 'rotate-webhook-secret'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/rotate-webhook-secret/policy.xml')
  }
  {
    name: 'submit-job'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/submit-job/policy.xml')
  }
  {
    name: 'test-webhook'
    policy: loadTextContent('../../apim/apis/quantum-jobs/operations/test-webhook/policy.xml')
  }
]

var pooled = length(functionsHosts) > 1

resource gateway 'Microsoft.ApiManagement/service@2024-05-01' existing = {
  name: gatewayName
}

resource values 'Microsoft.ApiManagement/service/namedValues@2024-05-01' = [for item in namedValues: {
  parent: gateway
  name: item.properties.displayName
  properties: {
    displayName: item.properties.displayName
    value: contains(given, item.properties.displayName) ? given[item.properties.displayName] : item.properties.value
    secret: false
  }
}]

// One backend a Functions app, each with a breaker of its own; with several, 'functions' is the pool of them.
resource backends 'Microsoft.ApiManagement/service/backends@2024-05-01' = [for (host, i) in functionsHosts: {
  parent: gateway
  name: pooled ? 'functions-${i}' : 'functions'
  properties: {
    title: tree.backend.properties.title
    description: tree.backend.properties.description
    url: 'https://${host}/v1'
    protocol: 'http'
    tls: { validateCertificateChain: true, validateCertificateName: true }
    circuitBreaker: tree.backend.properties.circuitBreaker
  }
}]

resource pool 'Microsoft.ApiManagement/service/backends@2024-05-01' = if (pooled) {
  parent: gateway
  name: 'functions'
  properties: {
    type: 'Pool'
    pool: {
      services: [for (host, i) in functionsHosts: {
        id: backends[i].id
        priority: i + 1
        weight: 1
      }]
    }
  }
}

resource fragments 'Microsoft.ApiManagement/service/policyFragments@2024-05-01' = [for item in fragmentFiles: {
  parent: gateway
  name: item.name
  properties: {
    description: item.about.properties.description
    format: 'xml'
    value: item.policy
  }
  dependsOn: [
    values
    backends
    pool
  ]
}]

resource policy 'Microsoft.ApiManagement/service/policies@2024-05-01' = {
  parent: gateway
  name: 'policy'
  properties: {
    format: 'xml'
    value: loadTextContent('../../apim/policy.xml')
  }
  dependsOn: [
    values
    fragments
  ]
}

resource versions 'Microsoft.ApiManagement/service/apiVersionSets@2024-05-01' = {
  parent: gateway
  name: 'quantum-jobs'
  properties: {
    displayName: tree.versions.properties.displayName
    description: tree.versions.properties.description
    versioningScheme: 'Segment'
  }
}

resource api 'Microsoft.ApiManagement/service/apis@2024-05-01' = {
  parent: gateway
  name: 'quantum-jobs'
  properties: {
    displayName: tree.api.properties.displayName
    description: tree.api.properties.description
    path: tree.api.properties.path
    protocols: ['https']
    subscriptionRequired: false
    apiVersion: tree.api.properties.apiVersion
    apiVersionSetId: versions.id
    serviceUrl: tree.api.properties.serviceUrl
    format: 'openapi+json'
    value: string(specification)
  }
}

resource apiPolicy 'Microsoft.ApiManagement/service/apis/policies@2024-05-01' = {
  parent: api
  name: 'policy'
  properties: {
    format: 'xml'
    value: loadTextContent('../../apim/apis/quantum-jobs/policy.xml')
  }
  dependsOn: [
    values
    fragments
  ]
}

// The import of the specification makes the operations.
resource operations 'Microsoft.ApiManagement/service/apis/operations@2024-05-01' existing = [for item in operationFiles: {
  parent: api
  name: item.name
}]

resource operationPolicies 'Microsoft.ApiManagement/service/apis/operations/policies@2024-05-01' = [for (item, i) in operationFiles: {
  parent: operations[i]
  name: 'policy'
  properties: {
    format: 'xml'
    value: item.policy
  }
  dependsOn: [
    api
    values
    fragments
  ]
}]

resource logger 'Microsoft.ApiManagement/service/loggers@2024-05-01' = {
  parent: gateway
  name: 'applicationinsights'
  properties: {
    loggerType: 'applicationInsights'
    description: tree.logger.properties.description
    isBuffered: true
    credentials: {
      connectionString: insightsConnection
      identityClientId: tree.logger.properties.credentials.identityClientId
    }
  }
}

resource diagnostic 'Microsoft.ApiManagement/service/apis/diagnostics@2024-05-01' = {
  parent: api
  name: 'applicationinsights'
  properties: {
    loggerId: logger.id
    alwaysLog: 'allErrors'
    httpCorrelationProtocol: 'W3C'
    verbosity: 'information'
    logClientIp: false
    metrics: true
    operationNameFormat: 'Name'
    sampling: tree.diagnostic.properties.sampling
    frontend: tree.diagnostic.properties.frontend
    backend: tree.diagnostic.properties.backend
  }
}
