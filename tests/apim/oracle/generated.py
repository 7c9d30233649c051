"""Expressions made up at random, mostly well-typed, to find what nobody thought of."""

import random

from .compiler import Case

_LEAVES: dict[str, list[str]] = {
    "int": [
        '(int)context.Variables["int"]',
        '(int)context.Variables["other"]',
        "0",
        "1",
        "-1",
        "7",
        "2147483647",
        "text.Length",
    ],
    "long": ['(long)context.Variables["long"]', "0L", "1L", "-3L", "4294967296L"],
    "double": ['(double)context.Variables["double"]', "0.0", "1.5", "-2.25", "1e10"],
    "bool": ['(bool)context.Variables["flag"]', "context.Response == null", "text == null", "list.Any()"],
    "string": [
        "text",
        '(string)context.Variables["text"]',
        '(string)context.Variables["nothing"]',
        '"a"',
        '""',
        '"Some Text"',
        "context.Request.Method",
        'context.Request.Headers.GetValueOrDefault("X-One", "none")',
        "(context.LastError?.Reason ?? text)",
    ],
    "object": ['context.Variables["int"]', 'context.Variables["text"]', 'context.Variables["nothing"]', "(object)1"],
    "token": [
        'body["target"]',
        'body["shots"]',
        'body["deep"]',
        'body["none"]',
        'body["absent"]',
        'body["flag"]',
        "(JToken)1",
    ],
    "list": ["list", 'new[] { "b", "a" }', "text.Split(' ')", 'context.Request.Headers["X-Many"]'],
    "int?": ["(int?)null", "context.Response?.StatusCode", "context.LastError?.Reason.Length", '(int?)body["shots"]'],
}
_TEMPLATES: dict[str, list[str]] = {
    "int": [
        "{int} + {int}",
        "{int} - {int}",
        "{int} * {int}",
        "{int} / {int}",
        "{int} % {int}",
        "-{int}",
        "~{int}",
        "{int} & {int}",
        "{int} | {int}",
        "{int} << 3",
        "{bool} ? {int} : {int}",
        "(int){long}",
        "(int){object}",
        "(int){token}",
        "{string}.Length",
        "{string}.IndexOf({string})",
        "{int?} ?? {int}",
        "{list}.Length",
        "{list}.Count(x{id} => x{id} == {string})",
        "int.Parse({string})",
        "Math.Max({int}, {int})",
        "{string}?.Length ?? {int}",
        "int.TryParse({string}, out var n{id}) ? n{id} : {int}",
        "Convert.ToInt32({object})",
        "{token}.Count()",
    ],
    "long": [
        "{long} + {int}",
        "{long} * {long}",
        "{int} - {long}",
        "{long} / {long}",
        "{long} % {int}",
        "(long){int}",
        "{bool} ? {long} : {int}",
        "Math.Min({long}, {int})",
        "(long){token}",
        "-{long}",
        "(long){object}",
        "(long){double}",
    ],
    "double": [
        "{double} + {int}",
        "{double} * {double}",
        "{double} / {int}",
        "{long} - {double}",
        "(double){int}",
        "-{double}",
        "Math.Floor({double})",
        "(double){token}",
        "{bool} ? {int} : {double}",
    ],
    "bool": [
        "{int} < {int}",
        "{long} >= {int}",
        "{double} == {double}",
        "{string} == {string}",
        "{string} != null",
        "{bool} && {bool}",
        "{bool} || {bool}",
        "!{bool}",
        "{bool} == {bool}",
        "{bool} ^ {bool}",
        "{object} == null",
        "{token} == null",
        "{int?} == null",
        "{int?} > 0",
        "{int?} != {int?}",
        "{string}.StartsWith({string})",
        "{string}.Contains({string})",
        "string.IsNullOrEmpty({string})",
        "{list}.Contains({string})",
        "{list}.Any(x{id} => x{id}.Length > {int})",
        "{object} is string",
        "{object} is int",
        "(bool){token}",
        "{string}.Equals({string}, StringComparison.OrdinalIgnoreCase)",
        "int.TryParse({string}, out var n{id}) && n{id} > {int}",
        "context.Variables.ContainsKey({string})",
        "{list}.All(x{id} => x{id} != {string})",
        "{token} is JObject",
    ],
    "string": [
        "{string} + {string}",
        "{string} + {int}",
        "{string} + {object}",
        "{string} + {token}",
        "{int} + {string}",
        "{string} ?? {string}",
        "{bool} ? {string} : {string}",
        "{bool} ? {string} : null",
        "{int}.ToString()",
        "{object}.ToString()",
        "{token}.ToString()",
        "(string){object}",
        "(string){token}",
        "{object} as string",
        "{string}.Substring({int})",
        "{string}.ToUpper()",
        "{string}?.Trim() ?? {string}",
        "{string}.Replace({string}, {string})",
        "string.Join({string}, {list})",
        "{list}[{int}]",
        "{list}.FirstOrDefault(x{id} => x{id}.Length > {int})",
        "{list}.Select(x{id} => x{id} + {string}).Last()",
        '$"{{{int}}}-{{{string}}}"',
        "string.Concat({string}, {int})",
        "{string} + 'c'",
        "(string)({token} ?? {string})",
        "{list}.Where(x{id} => x{id} != {string}).First()",
        "{bool} + {string}",
        "context.Variables.GetValueOrDefault<string>({string}, {string})",
        'string.Format("{{0}}|{{1,4}}", {string}, {int})',
    ],
    "object": [
        "(object){int}",
        "(object){string}",
        "{bool} ? (object){int} : {string}",
        "{object} ?? {string}",
        "(object){bool}",
    ],
    "token": [
        "{token}[{int}]",
        "{token}[{string}]",
        "(JToken){string}",
        "(JToken){int}",
        "{token} ?? {string}",
        "new JArray({int}, {string})",
        'new JObject(new JProperty("a", {int}), new JProperty("b", {string}))',
        'new JObject {{ ["a"] = {int}, ["b"] = {token} }}',
        '{token}?["list"]',
        "body.GetValue({string})",
        "JToken.FromObject({int})",
        "new JArray({list})",
    ],
    "list": [
        "{list}.Where(x{id} => x{id} != {string}).ToArray()",
        "{list}.Select(x{id} => x{id}.ToUpper()).ToArray()",
        "{list}.Skip({int}).ToArray()",
        "{string}.Split('e')",
        "{list}.Concat({list}).Distinct().ToArray()",
        "{bool} ? {list} : null",
    ],
    "int?": ["(int?){int}", "{int?} + 1", "{bool} ? {int?} : null", "{string}?.Length", "(int?){token}"],
}
_TYPES = {
    "int": "int",
    "long": "long",
    "double": "object",
    "bool": "bool",
    "string": "string",
    "object": "object",
    "token": "object",
    "list": "object",
    "int?": "object",
}


class Maker:
    """Makes expressions of a type by filling in templates; every fifth operand stands without its parentheses."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 0

    def make(self, kind: str, depth: int) -> str:
        if depth == 0 or self.random.random() < 0.1:
            return self.random.choice(_LEAVES[kind])
        self.number += 1
        number = self.number
        template = self.random.choice(_TEMPLATES[kind])
        filled = template.replace("{{", "\0").replace("}}", "\1").replace("{id}", str(number))
        for operand in _TEMPLATES:
            while "{" + operand + "}" in filled:
                filled = filled.replace("{" + operand + "}", self._operand(operand, depth - 1), 1)
        return filled.replace("\0", "{").replace("\1", "}")

    def _operand(self, kind: str, depth: int) -> str:
        if self.random.random() < 0.03:
            kind = self.random.choice(list(_TEMPLATES))
        made = self.make(kind, depth)
        return made if self.random.random() < 0.2 else f"({made})"


def generate(seed: int, count: int) -> list[Case]:
    """Give that many different cases; the same ones for the same seed."""
    maker = Maker(seed)
    found: dict[str, Case] = {}
    declared = (
        'var text = (string)context.Variables["text"]; var list = (string[])context.Variables["list"]; '
        "var body = context.Request.Body.As<JObject>(preserveContent: true);"
    )
    while len(found) < count:
        kind = maker.random.choice(list(_TEMPLATES))
        made = maker.make(kind, maker.random.randint(1, 3)).replace("\0", "{").replace("\1", "}")
        found.setdefault(made, Case(f"@{{ {declared} return {made}; }}", _TYPES[kind]))
    return list(found.values())
