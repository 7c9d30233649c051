"""A page about each kind of problem, where its `type` leads."""

import json
from collections.abc import Mapping
from html import escape
from string import Template

from quantum_jobs.errors import NotFound
from quantum_jobs.openapi import example_document
from quantum_jobs.problems import Kind, catalogue

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>$title · Quantum Jobs</title>
<style>
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --paper: #fff; --soft: #57606a; --box: #f3f5f7; --line: #d5dae0; --key: #0550ae
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --paper: #14171b; --soft: #9aa4af; --box: #1e2329; --line: #343b44; --key: #79b8ff }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif }
main { max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.5rem; line-height: 1.3; margin: .25rem 0 }
h2 { font-size: 1rem; margin: 1.75rem 0 .25rem }
p { margin: 0 }
a { color: var(--key) }
.soft { color: var(--soft) }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
pre { margin: .5rem 0 0; padding: .75rem; background: var(--box); border: 1px solid var(--line); border-radius: 6px }
pre { overflow-x: auto }
pre code { overflow-wrap: normal }
ul { columns: 14rem; margin: .5rem 0 0; padding-left: 1.1rem }
</style>
</head>
<body>
<main>
<p class="soft"><code>$slug</code> · $status</p>
<h1>$title</h1>
<h2>When</h2>
<p>$when</p>
<h2>What to do</h2>
<p>$advice</p>
<h2>Example</h2>
<pre tabindex="0" aria-label="Example"><code>$example</code></pre>
<h2>All kinds</h2>
<ul>
$others
</ul>
</main>
</body>
</html>
""")


def error_page(slug: str, base_url: str) -> str:
    """Give the page of a kind of problem, HTML.

    Raises:
        NotFound: there is no such kind.
    """
    kind = catalogue().get(slug)
    if kind is None:
        raise NotFound(f"There is no problem of the kind {slug[:64]!r}.")
    return _PAGE.substitute(
        slug=escape(kind.slug),
        title=escape(kind.title),
        status=_status(kind),
        when=_text(kind.when),
        advice=_text(kind.advice),
        example=escape(json.dumps(example_document(slug, base_url), indent=2, ensure_ascii=False), quote=False),
        others="\n".join(_entry(other, slug) for other in sorted(catalogue())),
    )


def _status(kind: Kind) -> str:
    if kind.status is None:
        return "the <code>error</code> of a failed job"
    shown = f"HTTP {kind.status}"
    return f"{shown}, or the <code>error</code> of a failed job" if isinstance(kind.example, Mapping) else shown


def _entry(slug: str, current: str) -> str:
    mark = ' aria-current="page"' if slug == current else ""
    return f'<li><a href="{escape(slug)}"{mark}>{escape(slug)}</a></li>'


def _text(text: str) -> str:
    """Escape a sentence, and set what stands between backticks as code."""
    parts = escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))
