// Mails before the month becomes dear. It counts what Azure bills; what owners may spend on jobs the service holds itself.
targetScope = 'subscription'

param name string
param amount int
param start string
param email string
param groups string[]

var steps = [50, 80, 100]

resource budget 'Microsoft.Consumption/budgets@2024-08-01' = {
  name: name
  properties: {
    amount: amount
    category: 'Cost'
    timeGrain: 'Monthly'
    timePeriod: { startDate: start }
    filter: { dimensions: { name: 'ResourceGroupName', operator: 'In', values: groups } }
    notifications: toObject(steps, step => 'at-${step}', step => {
      enabled: true
      operator: 'GreaterThanOrEqualTo'
      threshold: step
      thresholdType: 'Actual'
      contactEmails: [email]
    })
  }
}
