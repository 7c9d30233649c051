"""What each member of a request means, for the specification; apart from the bodies, which every process loads."""

from collections.abc import Mapping

_PROGRAM = "What to run."
_SETS = "Values of the program's inputs: one run and one histogram for each set."
MEMBERS: Mapping[str, Mapping[str, str]] = {
    "JobBody": {
        "target": "The machine or simulator, by its id.",
        "shots": "How often each item is run; each target has a bound of its own.",
        "program": _PROGRAM,
        "parameterSets": _SETS,
        "options": "How to run it.",
        "limits": "What it may do at most.",
        "reuse": "Whether an earlier result will do.",
        "name": "A name for people.",
        "tags": "Names and values to find it by.",
    },
    "ProgramBody": {
        "format": "The language that it is written in.",
        "source": "The program itself: text; QIR bitcode and QPY in base64.",
        "uploadId": "The upload that holds it.",
    },
    "OptionsBody": {
        "seed": "Repeats a simulation.",
        "provider": "Given to the provider as it is, at most 8 KiB.",
    },
    "LimitsBody": {
        "maxCost": "The most that all attempts together may cost.",
        "startBy": "A job not started by then is withdrawn and fails.",
        "maxAttempts": "How often it is tried at most.",
    },
    "MoneyBody": {"amount": "A decimal amount.", "currency": "ISO 4217."},
    "ReuseBody": {"maxAge": "The oldest result that will do, ISO 8601: P1D, PT12H, PT30M, PT45S."},
    "EstimateBody": {
        "shots": "How often it would be run.",
        "program": _PROGRAM,
        "parameterSets": _SETS,
        "targets": "The targets to ask about; none are all.",
    },
    "UploadBody": {
        "format": "The language of the program.",
        "bytes": "Its size.",
        "sha256": "Its digest, hexadecimal.",
    },
    "WebhookBody": {
        "url": "Where to send events: https, a public address.",
        "events": "What to be told of.",
        "description": "What it is for, for people.",
    },
    "JobPatch": {
        "name": "The new name; null removes it.",
        "tags": "Tags to set; null removes one, or all.",
    },
}
