// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { OnStage } from './stages.ts';

/** Links of one span: a report may tell a thousand events, and collectors keep 128. */
const MAX_LINKS = 128;

/** A span of the API, with its place in a trace as other services are told. */
export interface Traced {
  /** W3C trace context; undefined where nothing is traced. */
  readonly traceparent: string | undefined;
  /** The stages of an attempt become events. */
  readonly onStage: OnStage;
  /** What became of it; `failure` is for a person. */
  end(attributes?: Readonly<Record<string, string | number>>, failure?: string | null): void;
}

/**
 * The spans of a message: its acceptance, each attempt, and the reports that tell of it. Without an SDK nothing is recorded,
 * and what callers sent is handed on all the same.
 */
export interface Traces {
  /** Messages are accepted for a caller who sent this `traceparent`, or within the active span. */
  acceptance(traceparent: string | undefined): Traced;
  /** A message is tried that was accepted within this trace. */
  attempt(traceparent: string, attributes: Readonly<Record<string, string | number>>): Traced;
  /** A tenant is told of what happened in these traces; the call belongs to the first, and is linked to all. */
  report(traceparents: readonly string[], attributes: Readonly<Record<string, string | number>>): Traced;
}

/** Make the spans with a provider; by default the one that an SDK registers, whenever it does. */
export function createTraces(version: string, provider: TracerProvider = trace.getTracerProvider()): Traces {
  const tracer = provider.getTracer('mail-proxy', version);
  return {
    acceptance(traceparent) {
      const parent = contextOf(traceparent) ?? context.active();
      return traced(() => tracer.startSpan('mail accept', { kind: SpanKind.SERVER }, parent));
    },
    attempt(traceparent, attributes) {
      const parent = contextOf(traceparent) ?? ROOT_CONTEXT;
      return traced(() => tracer.startSpan('mail attempt', { kind: SpanKind.CLIENT, attributes }, parent));
    },
    report(traceparents, attributes) {
      const links = traceparents.flatMap((each) => {
        const found = parseTraceparent(each);
        return found === null ? [] : [{ context: found }];
      });
      const parent = contextOf(traceparents[0]) ?? ROOT_CONTEXT;
      const options = { kind: SpanKind.CLIENT, attributes, links: links.slice(0, MAX_LINKS) };
      return traced(() => tracer.startSpan('mail report', options, parent));
    },
  };
}

function traced(start: () => Span): Traced {
  const span = unharmed(start);
  const found = span?.spanContext();
  return {
    traceparent: found !== undefined && isSpanContextValid(found) ? formatTraceparent(found) : undefined,
    onStage: (stage, ms) => void unharmed(() => span?.addEvent(stage, { duration_ms: ms })),
    end(attributes = {}, failure = null) {
      unharmed(() => {
        span?.setAttributes(attributes);
        if (failure !== null) span?.setStatus({ code: SpanStatusCode.ERROR, message: failure });
        span?.end();
      });
    },
  };
}

/** What a processor of spans throws stops no mail, and sends none twice; undefined where it threw. */
function unharmed<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function contextOf(traceparent: string | undefined): Context | null {
  const parent = traceparent === undefined ? null : parseTraceparent(traceparent);
  return parent === null ? null : trace.setSpanContext(ROOT_CONTEXT, parent);
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

/**
 * Read a `traceparent`; null where it is none. Of later versions what is known of the first is read.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function parseTraceparent(text: string): SpanContext | null {
  const [, traceId = '', spanId = '', flags = '0'] = TRACEPARENT.exec(text.slice(0, 256)) ?? [];
  const found = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(found) ? found : null;
}

function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 1).toString().padStart(2, '0')}`;
}
