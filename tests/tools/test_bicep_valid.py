"""Nothing is said of Bicep that is right."""

from pathlib import Path

import pytest

from tools.bicep.project import Project

VALID = {
    "loops, conditions and safe access": """
param items object[] = []
param settings object = {}
var wanted = settings.?names ?? []
var shown = contains(settings, 'shown') && !empty(settings.shown) ? settings.shown : null
resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: 'account'
}
resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-01-01' existing = {
  parent: account
  name: 'default'
}
resource each 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-01-01' = [
  for (item, i) in items: if (contains(wanted, item.name) && i >= 0) {
    parent: queues
    name: '${item.name}-${i}' // a comment
    properties: { metadata: { shown: string(shown) } }
    dependsOn: [
      account
    ]
  }
]
output names array = [for (item, i) in items: each[i].name]
output first string = empty(items) ? '' : each[0].id
""",
    "types and functions of one's own": """
@export()
type size = 'small' | 'large'
type place = {
  @description('Where')
  region: string
  sizes: size[]
  zone: int?
}
param places place[] = [{ region: 'here', sizes: ['small'] }]
func label(name string, count int) string => toLower('${name}-${count}')
var labels = map(places, item => label(item.region, length(item.sizes)))
var large = filter(places, item => contains(item.sizes, 'large') && item.region == 'here')
output all string = join(concat(labels, map(large, item => item.region)), ',')
output zone int = places[0].?zone ?? 1
""",
    "keys that stay inside": """
param name string
resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: name
}
resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: name
}
resource entry 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'entry'
  properties: {
    value: '${account.listKeys().keys[0].value}${listKeys(account.id, '2025-01-01').keys[0].value}'
  }
}
""",
    "a name with the names of its parents": """
resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-01-01' = {
  name: 'account/default/queue'
}
/* several
   lines */
#disable-next-line unused
var text = '''
as it is: ${not.a.name}
'''
""",
    "null where nothing is wanted": """
param subnet string = ''
param name string
resource gateway 'Microsoft.ApiManagement/service@2024-05-01' existing = {
  name: name
}
resource api 'Microsoft.ApiManagement/service/apis@2024-05-01' = {
  parent: gateway
  name: 'api'
  properties: { path: 'x', serviceUrl: empty(subnet) ? null : 'https://${subnet}' }
}
""",
}


@pytest.mark.parametrize("text", VALID.values(), ids=VALID)
def test_nothing_is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "main.bicep").write_text(text)
    assert [item.shown() for item in Project().findings(tmp_path)] == []
