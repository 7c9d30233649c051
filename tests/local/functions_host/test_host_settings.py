"""host.json, its overrides, local.settings.json and switches."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.functions_host.errors import SettingsError
from local.functions_host.settings import (
    HostSettings,
    apply_settings,
    expand,
    is_disabled,
    parse_time_span,
    read_host_settings,
    read_local_settings,
)


def read(folder: Path, document: object, **overrides: str) -> HostSettings:
    (folder / "host.json").write_text(json.dumps(document))
    return read_host_settings(folder, {f"AzureFunctionsJobHost__{name}": value for name, value in overrides.items()})


def test_an_empty_host_json_gives_the_defaults(tmp_path: Path) -> None:
    found = read(tmp_path, {"version": "2.0"})
    assert found == HostSettings()
    assert (found.http.route_prefix, found.queues.batch_size, found.queues.max_dequeue_count) == ("api", 16, 5)


def test_values_are_read_and_names_ignore_case(tmp_path: Path) -> None:
    queues = {"BatchSize": 32, "visibilityTimeout": "00:00:30", "messageEncoding": "none"}
    document = {"version": "2.0", "functionTimeout": "00:05:00", "extensions": {"queues": queues}}
    found = read(tmp_path, document)
    assert found.function_timeout == 300
    assert (found.queues.batch_size, found.queues.new_batch_threshold) == (32, 16)
    assert (found.queues.visibility_timeout, found.queues.encoding) == (30, "none")


def test_an_environment_override_beats_host_json(tmp_path: Path) -> None:
    document = {"version": "2.0", "extensions": {"http": {"routePrefix": "v1"}}}
    assert read(tmp_path, document, extensions__http__routePrefix="v2").http.route_prefix == "v2"
    assert read(tmp_path, document, extensions__queues__batchSize="3").queues.batch_size == 3
    assert read(tmp_path, document, functionTimeout="-1").function_timeout is None


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, '"version" must be "2.0", found None'),
        ({"version": "2.0", "functionTimeout": "soon"}, "functionTimeout must be a time span"),
        ({"version": "2.0", "functionTimeout": 300}, "functionTimeout must be a time span"),
        ({"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}, "batchSize must be an integer from 1 to 32"),
        ({"version": "2.0", "extensions": {"queues": {"batchSize": True}}}, "batchSize must be an integer"),
        ({"version": "2.0", "extensions": {"queues": {"messageEncoding": "hex"}}}, "messageEncoding must be"),
        ({"version": "2.0", "extensions": {"http": {"customHeaders": {"a": 1}}}}, "must map names to strings"),
    ],
)
def test_a_wrong_value_is_refused_by_its_path(tmp_path: Path, document: object, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read(tmp_path, document)


def test_malformed_json_is_refused_with_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{\n  "version": "2.0",\n  x\n}')
    with pytest.raises(SettingsError, match=r"host\.json:3:3: "):
        read_host_settings(tmp_path, {})


def test_a_missing_host_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"host\.json does not exist"):
        read_host_settings(tmp_path, {})


def test_what_has_no_effect_here_is_listed(tmp_path: Path) -> None:
    document = {
        "version": "2.0",
        "logging": {"logLevel": {"default": "Warning"}},
        "extensions": {"http": {"hsts": {"isEnabled": True}}, "serviceBus": {"maxConcurrentCalls": 1}},
    }
    assert read(tmp_path, document).not_imitated == (
        "extensions.http.hsts.isEnabled",
        "extensions.serviceBus.maxConcurrentCalls",
    )


def test_local_settings_give_values_and_fall_back_to_the_example(tmp_path: Path) -> None:
    assert read_local_settings(tmp_path) == {}
    (tmp_path / "local.settings.json.example").write_text('{"Values": {"A": "example"}}')
    assert read_local_settings(tmp_path) == {"A": "example"}
    (tmp_path / "local.settings.json").write_text('{"Values": {"A": "own"}}')
    assert read_local_settings(tmp_path) == {"A": "own"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"Values": {"A": 1, "B": "x"}}', "must be strings; these are not: A"),
        ('{"IsEncrypted": true}', "IsEncrypted is true"),
        ("[]", "must hold a JSON object"),
    ],
)
def test_local_settings_that_core_tools_would_refuse_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "local.settings.json").write_text(text)
    with pytest.raises(SettingsError, match=message):
        read_local_settings(tmp_path)


def test_a_value_that_the_environment_holds_already_wins() -> None:
    environment = {"A": "there", "B": ""}
    assert apply_settings({"A": "new", "B": "new", "C": "new"}, environment) == ["A"]
    assert environment == {"A": "there", "B": "new", "C": "new"}


def test_percent_names_expand_from_settings() -> None:
    assert expand("a-%X%-%Y%", {"X": "1", "Y": "2"}, "f") == "a-1-2"
    with pytest.raises(SettingsError, match=r"f: '%Z%' does not resolve"):
        expand("%Z%", {}, "f")


@pytest.mark.parametrize(("value", "off"), [("true", True), ("1", True), ("True", True), ("false", False), ("", False)])
def test_a_function_is_disabled_by_its_setting(value: str, off: bool) -> None:
    assert is_disabled("f", {"AzureWebJobs.f.Disabled": value}) is off
    assert is_disabled("f", {"AzureWebJobs_f_Disabled": value}) is off
    assert not is_disabled("g", {"AzureWebJobs.f.Disabled": value})


@settings(deadline=None)
@given(days=st.integers(0, 99), hours=st.integers(0, 23), minutes=st.integers(0, 59), seconds=st.integers(0, 59))
def test_a_time_span_is_days_hours_minutes_seconds(days: int, hours: int, minutes: int, seconds: int) -> None:
    text = f"{days}.{hours:02}:{minutes:02}:{seconds:02}"
    assert parse_time_span(text) == days * 86400 + hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize("text", ["", "5", "24:00:00", "00:60:00", "00:00:60", "x"])
def test_what_is_no_time_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time span"):
        parse_time_span(text)
