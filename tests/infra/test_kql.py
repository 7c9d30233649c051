"""Queries of infra/ hold against Kusto's own parser, over the schemas of the tables that they read."""

import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.infra.reading import ROOT

PARSER = Path(__file__).parent / "kusto"
QUERIES = {path.stem: path.read_text() for path in sorted((ROOT / "infra" / "queries").glob("*.kql"))}
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
SHOWN = {
    f"operations {number}": text for number, text in enumerate(re.findall(r"```kusto\n(.*?)```", OPERATIONS, re.DOTALL))
}
# As the reference of Azure Monitor's tables has them, as far as anybody here reads them. Not verified on Azure.
TABLES = {
    "ApiManagementGatewayLogs": (
        "TimeGenerated:datetime, OperationId:string, ApiId:string, ResponseCode:int, BackendResponseCode:int, "
        "TotalTime:long, BackendTime:long, CallerIpAddress:string, IsRequestSuccess:bool, LastErrorReason:string, "
        "LastErrorSource:string, CorrelationId:string"
    ),
    "AppDependencies": (
        "TimeGenerated:datetime, Name:string, Target:string, Success:bool, ResultCode:string, DurationMs:real, "
        "OperationId:string, OperationName:string, AppRoleName:string, Properties:dynamic"
    ),
    "AppExceptions": (
        "TimeGenerated:datetime, ExceptionType:string, OuterMessage:string, ProblemId:string, OperationId:string, "
        "OperationName:string, AppRoleName:string, SeverityLevel:int, Properties:dynamic"
    ),
    "AppMetrics": (
        "TimeGenerated:datetime, Name:string, Sum:real, Min:real, Max:real, ItemCount:int, AppRoleName:string, "
        "Properties:dynamic"
    ),
    "AppRequests": (
        "TimeGenerated:datetime, Name:string, Success:bool, ResultCode:string, DurationMs:real, OperationId:string, "
        "OperationName:string, AppRoleName:string, Url:string, Properties:dynamic"
    ),
    "AppTraces": (
        "TimeGenerated:datetime, Message:string, SeverityLevel:int, OperationId:string, OperationName:string, "
        "AppRoleName:string, Properties:dynamic"
    ),
    "_LogOperation": (
        "TimeGenerated:datetime, Category:string, Operation:string, Level:string, Detail:string, _ResourceId:string"
    ),
}
type Analyse = Callable[[Mapping[str, str]], Mapping[str, Sequence[str]]]


@pytest.fixture(scope="module")
def analyse() -> Analyse:
    """Gives what the parser says of each query; installs it at its first use."""
    if not (PARSER / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=PARSER, check=True)

    def said(queries: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
        asked = json.dumps({"tables": TABLES, "queries": queries})
        answer = subprocess.run(
            ["node", "analyse.cjs"], cwd=PARSER, input=asked, capture_output=True, text=True, check=True
        )
        found: Mapping[str, Sequence[str]] = json.loads(answer.stdout)
        return found

    return said


def test_the_parser_finds_nothing_wrong_with_any_query(analyse: Analyse) -> None:
    assert len(QUERIES) > 10
    assert SHOWN
    assert {name: said for name, said in analyse(QUERIES | SHOWN).items() if said} == {}


WRONG = {
    "a table that does not exist": "Requests | take 1",
    "a column that does not exist": "AppRequests | where Duration > 5",
    "an operator that does not exist": "AppRequests | sumarize count()",
    "types that do not fit": "AppRequests | where Success > 'x'",
    "a column that summarize has left behind": "AppRequests | summarize count() by Name | where Success",
    "a bracket that is not closed": "AppRequests | where Name in ('a', 'b'",
    "a function with too few arguments": "AppRequests | summarize percentile(DurationMs)",
}


def test_a_wrong_query_is_told(analyse: Analyse) -> None:
    assert [name for name, said in analyse(WRONG).items() if not any("Error" in line for line in said)] == []


def test_each_metric_and_dimension_that_a_query_names_is_one_that_the_service_sends() -> None:
    sent = set(re.findall(r'"(quantum\.[a-z_.]+)"', (ROOT / "quantum_jobs" / "measuring.py").read_text()))
    named = {word for text in QUERIES.values() for word in re.findall(r'"(quantum\.[a-z_.]+)"', text)}
    assert named
    assert named <= sent
