"""Queries name tables and columns that exist, and each is used."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.infra.reading import ROOT, loaded

QUERIES = sorted((ROOT / "infra" / "queries").glob("*.kql"))
# Columns of the tables that Functions, Application Insights, API Management and Log Analytics fill by themselves.
TABLES = {
    "ApiManagementGatewayLogs": """TimeGenerated OperationId ApiId ResponseCode BackendResponseCode TotalTime
        BackendTime CallerIpAddress IsRequestSuccess LastErrorReason LastErrorSource CorrelationId""",
    "AppRequests": """TimeGenerated Name Success ResultCode DurationMs OperationId OperationName AppRoleName Url
        Properties""",
    "AppExceptions": """TimeGenerated ExceptionType OuterMessage ProblemId OperationName AppRoleName SeverityLevel""",
    "AppMetrics": """TimeGenerated Name Sum Min Max ItemCount Properties AppRoleName""",
    "_LogOperation": """TimeGenerated Category Operation Level Detail _ResourceId""",
}
WORDS = """union where summarize by and or not has in count countif sum sumif percentile max min avg bin strcat tostring
    order desc asc render timechart extend project true false"""
LANGUAGE = set(WORDS.split())


def unknown_words(text: str) -> set[str]:
    """Words of a query that are no table, column, function or name of its own."""
    code = re.sub(r'//.*|"[^"]*"|\b\d+[smhd]?\b', " ", text)
    words = set(re.findall(r"[A-Za-z_]\w*", code))
    tables = words & set(TABLES)
    own = set(re.findall(r"(\w+)\s*=(?![=~])", code))
    columns = {column for table in tables for column in TABLES[table].split()}
    return words - tables - LANGUAGE - own - columns


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_names_only_what_exists(path: Path) -> None:
    assert unknown_words(path.read_text()) == set()


def test_a_wrong_column_is_seen() -> None:
    assert unknown_words("AppRequests\n| where Duration > 5 and Name == 'x'") == {"Duration", "x"}
    assert unknown_words("AppRequest | count") == {"AppRequest"}


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_says_what_it_is_for(path: Path) -> None:
    assert path.read_text().startswith("// ")


def test_every_query_is_used_once() -> None:
    assert Counter(loaded("alerts") + loaded("workbook")) == Counter(QUERIES)


def test_every_alert_has_its_paragraph_for_the_night() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text()
    assert [path.stem for path in loaded("alerts") if f"`{path.stem}`" not in guide] == []
