"""Route templates and constraints, without a server."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.functions_host.constraints import constraint
from local.functions_host.errors import RouteError
from local.functions_host.functions import Binding, Function
from local.functions_host.routes import RouteTable, Template


def function(name: str, route: str | None = None, methods: list[str] | None = None) -> Function:
    properties = {"route": route, "methods": methods}
    return Function(name, name, Binding("req", "httpTrigger", False, properties), (), None, False, "function_app.py")


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("jobs", "/jobs", {}),
        ("jobs", "/jobs/", {}),
        ("jobs/{id}", "/jobs/1", {"id": "1"}),
        ("jobs/{id}", "/jobs", None),
        ("jobs/{id}", "/jobs//", None),
        ("jobs/{id}", "/jobs/1/2", None),
        ("jobs/{id?}", "/jobs", {}),
        ("jobs/{id:int?}", "/jobs/x", None),
        ("{a=1}/{b=2}", "/", {"a": "1", "b": "2"}),
        ("{a=1}/{b=2}", "/3", {"a": "3", "b": "2"}),
        ("{a=1}/fixed", "/fixed", None),
        ("x/{*rest}", "/x", {}),
        ("x/{*rest=none}", "/x", {"rest": "none"}),
        ("x/{**rest}", "/x/a//b/", {"rest": "a//b/"}),
        ("{name}.{ext}", "/a.b.c", {"name": "a.b", "ext": "c"}),
        ("v{major:int}-{minor:int}", "/v1-2", {"major": "1", "minor": "2"}),
        ("v{major:int}-{minor:int}", "/v1-x", None),
        (r"{n:regex(^\d{{2}}$)}", "/12", {"n": "12"}),
        (r"{n:regex(^\d{{2}}$)}", "/123", None),
        ("{n:regex(^(a|b/c)$)}", "/A", {"n": "A"}),
        ("", "/", {}),
        ("", "/x", None),
    ],
)
def test_a_template_matches_as_aspnet_matches(template: str, path: str, values: dict[str, str] | None) -> None:
    assert Template(template).match(path) == values


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("jobs/{id", "braces do not match"),
        ("jobs/id}", "braces do not match"),
        ("a//b", "empty segment"),
        ("{a}/{A}", "'a' appears twice"),
        ("{*a}/b", "only the last segment"),
        ("{a?}/b", "only the last segment"),
        ("{a}{b}", "a literal between them"),
        ("x{a?}", "must be present"),
        ("{}", "is not a parameter"),
        ("{a=1?}", "cannot be optional and have a default"),
        ("{a:uuid}", "there is no constraint 'uuid'"),
        ("{a:min(x)}", "takes 1 integers"),
        ("{a:int(3)}", "takes no argument"),
        ("{a:regex([)}", "regular expression"),
    ],
)
def test_a_malformed_template_is_refused_with_its_reason(template: str, message: str) -> None:
    with pytest.raises(RouteError, match=message):
        Template(template)


@pytest.mark.parametrize(
    ("name", "argument", "good", "bad"),
    [
        ("int", "", ["1", "-1", "+2147483647"], ["2147483648", "1.0", "", "x"]),
        ("long", "", ["2147483648"], ["9223372036854775808"]),
        ("bool", "", ["true", "FALSE"], ["1", "yes"]),
        ("guid", "", [str(uuid.uuid4()), "{" + str(uuid.uuid4()) + "}", uuid.uuid4().hex], ["x", "123"]),
        ("alpha", "", ["abcXYZ"], ["a1", "é"]),
        ("datetime", "", ["2026-01-31", "2026-01-31T10:00:00Z", "1/31/2026"], ["2026-02-30", "soon"]),
        ("decimal", "", ["1.5", "-1,000.25"], ["1e5", "x"]),
        ("double", "", ["1e5", "-.5"], ["e5", ""]),
        ("float", "", ["1"], ["one"]),
        ("required", "", ["x"], [""]),
        ("min", "3", ["3", "10"], ["2", "x"]),
        ("max", "3", ["3", "-9"], ["4"]),
        ("range", "1,3", ["1", "3"], ["0", "4"]),
        ("length", "2", ["ab"], ["a", "abc"]),
        ("length", "1,2", ["a", "ab"], ["", "abc"]),
        ("minlength", "2", ["ab"], ["a"]),
        ("maxlength", "2", ["", "ab"], ["abc"]),
        ("regex", "^a.c$", ["abc", "ABC"], ["ab"]),
        ("regex", "(?<x>b)", ["abc"], ["a"]),
    ],
)
def test_a_constraint_tells_good_from_bad(name: str, argument: str, good: list[str], bad: list[str]) -> None:
    meets = constraint(name, argument)
    assert [value for value in good if not meets(value)] == []
    assert [value for value in bad if meets(value)] == []


@settings(deadline=None)
@given(value=st.integers())
def test_int_is_what_fits_32_bits(value: int) -> None:
    assert constraint("int", "")(str(value)) == (-(2**31) <= value < 2**31)


@settings(deadline=None)
@given(
    values=st.lists(st.text(st.characters(codec="ascii", exclude_characters="/"), min_size=1), min_size=1, max_size=3)
)
def test_what_is_put_into_a_template_comes_out_of_it(values: list[str]) -> None:
    from urllib.parse import quote

    template = Template("/".join(f"{{p{number}}}" for number in range(len(values))))
    path = "/" + "/".join(quote(value, safe="") for value in values)
    assert template.match(path) == {f"p{number}": value for number, value in enumerate(values)}


@pytest.mark.parametrize("route", ["admin", "Admin/x", "administrators", "runtime/x", "/admin"])
def test_a_route_that_begins_with_admin_or_runtime_is_refused(route: str) -> None:
    with pytest.raises(RouteError, match=r"function 'f': route .* begins with admin or runtime"):
        RouteTable([function("f", route)], "api")


def test_one_route_with_a_shared_method_is_refused() -> None:
    with pytest.raises(RouteError, match="function 'b': route 'X' is taken by function 'a'"):
        RouteTable([function("a", "x", ["GET", "POST"]), function("b", "X", ["POST"])], "api")
    with pytest.raises(RouteError, match="is taken by"):
        RouteTable([function("a", "x"), function("b", "x", ["POST"])], "api")


def test_one_route_with_different_methods_is_two_functions() -> None:
    table = RouteTable([function("a", "x", ["GET"]), function("b", "x", ["POST"])], "api")
    found = [table.match(method, "/api/x") for method in ("GET", "POST", "PUT")]
    assert [match and match[0].name for match in found] == ["a", "b", None]


def test_a_slash_as_route_is_the_root_of_the_prefix() -> None:
    table = RouteTable([function("a", "/")], "")
    assert table.match("GET", "/")
    assert RouteTable([function("a", " ")], "api").match("GET", "/api/a")
