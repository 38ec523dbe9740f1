"""Spans of what is done for a request, for OpenTelemetry; free of cost and of imports until it is started.

All spans of one request share a trace without anything being passed on: the trace's id is made of the
request's. Between flow and core the usual `traceparent` header names the span that asked.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from schemas.request_ids import current_request_id

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""The environment variable by which OpenTelemetry's libraries are told where traces go."""

TRACE_BYTES, SPAN_BYTES = 16, 8

_STARTED: list["Tracer"] = []


def start_tracing(process: str, exporter: "SpanExporter | None" = None) -> None:
    """Send the spans of this process to the collector that the environment names; a second time does nothing.

    `exporter` takes them instead, each at once. Raises ImportError without the packages of packshot[tracing].
    """
    if _STARTED:
        return
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"packshot-{process}"}))
    if exporter is not None:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _STARTED.append(provider.get_tracer("packshot"))


def stop_tracing() -> None:
    """Make no more spans; for tests."""
    _STARTED.clear()


@contextmanager
def span(name: str, /, **attributes: Any) -> Iterator[None]:
    """Time the block as a span of the current request."""
    with span_below({}, name, **attributes):
        yield


@contextmanager
def span_below(headers: Mapping[str, str], name: str, /, **attributes: Any) -> Iterator[None]:
    """Time the block as a span below the one that `headers` of an incoming request name, if they do."""
    if not _STARTED:
        yield
        return
    told = {f"packshot.{key}": value for key, value in attributes.items() if value not in (None, "")}
    context = _context(headers)
    with _STARTED[0].start_as_current_span(name, context=context, attributes=told):
        yield


def past_span(name: str, seconds: float) -> None:
    """Add a span of so many seconds that ended just now in another thread, below the current one."""
    if _STARTED:
        now = time.time_ns()
        _STARTED[0].start_span(name, start_time=now - int(seconds * 1e9)).end(now)


def annotate(**attributes: Any) -> None:
    """Add what became known to the current span."""
    if _STARTED:
        from opentelemetry.trace import get_current_span

        for key, value in attributes.items():
            if isinstance(value, str | int | float | bool):
                get_current_span().set_attribute(f"packshot.{key}", value)


def trace_headers() -> dict[str, str]:
    """Return the headers that tell a server which span asks; none while nothing is traced."""
    if not _STARTED:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carried: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carried)
    return carried


def _context(headers: Mapping[str, str]) -> "Context | None":
    """Return where a new span hangs: below the caller's, below the current one, or in the request's trace."""
    from opentelemetry import trace

    if "traceparent" in headers:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        return TraceContextTextMapPropagator().extract(dict(headers))
    request_id = current_request_id()
    if trace.get_current_span().get_span_context().is_valid or not request_id:
        return None
    digest = hashlib.sha256(request_id.encode()).digest()
    root = trace.SpanContext(
        trace_id=int.from_bytes(digest[:TRACE_BYTES], "big"),
        span_id=int.from_bytes(digest[TRACE_BYTES : TRACE_BYTES + SPAN_BYTES], "big"),
        is_remote=True,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(root))
