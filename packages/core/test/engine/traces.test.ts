// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { eventually, startReportReceiver, startScriptedPeer } from '@mail-proxy/testkit';
import { context, type SpanContext, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect, test } from 'vitest';
import { addAccount, historyUntil, mail, openWorld, serveMail } from './engine-world.case.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SENT = `00-${TRACE}-b7ad6b7169203331-01`;

const traceparentOf = ({ traceId, spanId }: SpanContext): string => `00-${traceId}-${spanId}-01`;

test('the acceptance, each attempt with its stages, and the report of it are spans of the trace that the caller sent', async () => {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const named = (name: string): readonly ReadableSpan[] =>
    exporter.getFinishedSpans().filter((span) => span.name === name);
  const answers = ['451 4.3.0 later'];
  await using relay = await startScriptedPeer((client) =>
    serveMail(client, { onMessage: () => answers.pop() ?? '250 queued' }),
  );
  await using receiver = await startReportReceiver();
  await using world = await openWorld({ tracerProvider });
  await addAccount(world, relay);
  await world.engine.execute('tenants.update', { tenant_id: 'default', client_base_url: receiver.url });
  await world.engine.submit([mail('m1')], { traceparent: SENT });
  await historyUntil(world, 'm1', 'sent');
  await eventually(() => named('mail report').flatMap(({ links }) => links).length >= 2);

  const [acceptance] = named('mail accept');
  expect(acceptance?.spanContext().traceId).toBe(TRACE);
  expect(acceptance?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  const attempts = named('mail attempt');
  expect(attempts.map(({ attributes }) => [attributes['attempt'], attributes['outcome']])).toEqual([
    [1, 'deferred'],
    [2, 'sent'],
  ]);
  for (const { parentSpanContext } of attempts) {
    expect(parentSpanContext?.spanId).toBe(acceptance?.spanContext().spanId);
  }
  expect(attempts[0]?.status.message).toContain('451');
  expect(attempts[0]?.events.map(({ name }) => name)).toEqual(['connect', 'greeting', 'mail', 'data', 'dot']);
  const linked = named('mail report').flatMap(({ links }) => links.map((link) => link.context.spanId));
  expect(linked.toSorted()).toEqual(attempts.map((span) => span.spanContext().spanId).toSorted());
  const told = named('mail report').map((span) => traceparentOf(span.spanContext()));
  const received = receiver.requests.map(({ headers }) => headers['traceparent']).filter((each) => each !== undefined);
  expect(received).toEqual(told);
});

test('a message that nobody traces has no span but its acceptance, and no report of it says anything', async () => {
  await using relay = await startScriptedPeer((client) => serveMail(client));
  await using receiver = await startReportReceiver();
  await using world = await openWorld();
  await addAccount(world, relay);
  await world.engine.execute('tenants.update', { tenant_id: 'default', client_base_url: receiver.url });
  await world.engine.submit([mail('m1')]);
  await world.engine.submit([mail('m2')], { traceparent: SENT });
  await historyUntil(world, 'm1', 'sent');
  await historyUntil(world, 'm2', 'sent');
  // Without an SDK what came is handed on.
  await eventually(() => receiver.requests.some(({ headers }) => headers['traceparent'] === SENT));
  expect(trace.getSpan(context.active())).toBeUndefined();
  const told = JSON.stringify(await world.engine.execute('messages.get', { message_id: 'm2', tenant_id: 'default' }));
  expect(told).not.toContain(TRACE);
});
