// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NumberedEventRow } from '../entities/message-event/message-event.store.ts';
import type { EventDetail, EventType } from '../entities/message-event/message-event.table.ts';
import type { EventFeedback } from '../mixin/events.ts';
import { parseAnyAnswer, parseReportAnswer, toReportEvent } from './report-protocol.ts';
import { reportUrl } from './report-transport.ts';

const AT = 1_772_000_000_999;
const TS = 1_772_000_000;

function rowOf(type: EventType, detail: EventDetail = {}): NumberedEventRow {
  return {
    pk: 'event-1',
    tenant_id: 'acme',
    message_pk: 'pk-1',
    account_pk: null,
    type,
    at: AT,
    attempt: 2,
    detail: JSON.stringify(detail),
    seq: 7,
    message_id: 'order-1',
    account_id: 'relay',
    batch_code: null,
  };
}

describe('an entry of delivery_report', () => {
  test.each([
    ['sent', { sent_ts: TS }],
    ['partially_sent', { sent_ts: TS }],
    ['error', { error_ts: TS, error: 'user unknown' }],
    ['expired', { error_ts: TS, error: 'user unknown' }],
    ['cancelled', { error_ts: TS, error: 'user unknown' }],
    ['deferred', { deferred_ts: TS, deferred_reason: 'user unknown' }],
    ['interrupted', { deferred_ts: TS, deferred_reason: 'user unknown' }],
  ] as const)('%s has the fields that old clients read, and no others of theirs', (type, fields) => {
    const event = toReportEvent(rowOf(type, { reason: 'user unknown' }));
    const old = ['sent_ts', 'error_ts', 'error', 'deferred_ts', 'deferred_reason'];
    expect(Object.fromEntries(Object.entries(event).filter(([name]) => old.includes(name)))).toEqual(fields);
  });

  test.each([
    ['account_paused', { reason: 'auth: 535 no', until: AT + 60_000 }, { reason: 'auth: 535 no', until_ts: TS + 60 }],
    ['account_resumed', {}, {}],
  ] as const)('%s names the account, why and until when, and no message', (type, detail, fields) => {
    const row = {
      ...rowOf(type, { ...detail, accountId: 'relay' }),
      message_pk: null,
      message_id: null,
      account_id: null,
    };
    expect(toReportEvent({ ...row, attempt: 0 })).toEqual({
      id: null,
      event_id: 'event-1',
      seq: 7,
      event: type,
      tenant_id: 'acme',
      pk: null,
      account_id: 'relay',
      batch_code: null,
      attempt: 0,
      recipients: [],
      next_attempt_ts: null,
      possible_duplicate: false,
      ...fields,
    });
  });

  test('says all that the original left out', () => {
    const recipient = { address: 'bo@example.org', state: 'pending', code: 451, enhanced: '4.7.1', reply: 'try later' };
    const detail: EventDetail = {
      recipients: [{ ...recipient, stage: 'rcpt' }],
      nextAttemptAt: AT + 60_000,
      possibleDuplicate: true,
    };
    expect(toReportEvent(rowOf('deferred', detail))).toEqual({
      id: 'order-1',
      deferred_ts: TS,
      deferred_reason: 'try later',
      event_id: 'event-1',
      seq: 7,
      event: 'deferred',
      tenant_id: 'acme',
      pk: 'pk-1',
      account_id: 'relay',
      batch_code: null,
      attempt: 2,
      recipients: [recipient],
      next_attempt_ts: TS + 60,
      possible_duplicate: true,
    });
  });
});

describe('the answer', () => {
  test.each([
    ['{"ok":true}', {}],
    ['{"ok":true,"queued":null,"next_sync_after":null,"error":null,"not_found":null}', {}],
    ['{"ok":true,"queued":3}', { queued: 3 }],
    ['{"ok":true,"next_sync_after":1772000000.5}', { nextSyncAfter: 1_772_000_000_500 }],
    ['{"ok":true,"next_sync_after":-5}', { nextSyncAfter: 0 }],
    // No database column and no Date holds it as it is.
    ['{"ok":true,"next_sync_after":1e300}', { nextSyncAfter: 8_640_000_000_000_000 }],
    ['{"ok":true,"error":["a",1],"not_found":["b"],"messages":[]}', { error: ['a', '1'], notFound: ['b'] }],
  ])('%s acknowledges', (text, hints) => {
    expect(parseReportAnswer(text)).toEqual({
      acknowledged: true,
      queued: 0,
      nextSyncAfter: null,
      error: [],
      notFound: [],
      messages: [],
      ...hints,
    });
  });

  test('acknowledges only when it says ok: true, and never throws', () => {
    const anyJson = fc.jsonValue();
    const almost = fc.record(
      { ok: fc.oneof(fc.constant(true), anyJson), queued: anyJson, next_sync_after: anyJson, error: anyJson },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(almost, anyJson), (json) => {
        if (parseReportAnswer(JSON.stringify(json)).acknowledged) expect(json).toMatchObject({ ok: true });
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseReportAnswer(text).acknowledged).toBe(false);
      }),
    );
  });
});

describe('any answer', () => {
  test.each([
    '',
    'OK',
    '[]',
    '"ok"',
    'null',
    '{"sent":1}',
    '{"ok":true,"queued":"many"}',
    '{"ok":"yes","error":["a"]}',
  ])('%s acknowledges', (text) => {
    expect(parseAnyAnswer(text)).toMatchObject({ acknowledged: true, error: [], messages: [] });
  });

  test('what it says besides counts', () => {
    expect(parseAnyAnswer('{"error":["a"],"queued":2}')).toMatchObject({ acknowledged: true, queued: 2, error: ['a'] });
    expect(parseAnyAnswer('{"ok":false}')).toMatchObject({ acknowledged: false });
  });
});

test('base URL and path are joined with one slash', () => {
  expect(reportUrl('https://client.example/app/', '/sync')).toBe('https://client.example/app/sync');
  expect(reportUrl('https://client.example', null)).toBe('https://client.example/mail-proxy/sync');
});

describe('what others said of a message', () => {
  const feedback: EventFeedback = {
    recipient: 'ann@example.org',
    bounceType: 'hard',
    code: '5.1.1',
    status: '5.1.1',
    reasonClass: 'no_such_mailbox',
    permanence: 'permanent',
    addressDead: true,
    reportedBy: null,
    feedbackType: null,
  };
  const shown = { recipient: 'ann@example.org', reason_class: 'no_such_mailbox', address_dead: true };

  test('a bounce has the fields of the original and the finer ones', () => {
    expect(toReportEvent(rowOf('bounce', { reason: 'user unknown', feedback }))).toMatchObject({
      ...{ id: 'order-1', event: 'bounce', bounce_ts: TS, bounce_type: 'hard', bounce_code: '5.1.1' },
      ...{ bounce_reason: 'user unknown', feedback: shown },
    });
  });

  test('a complaint is told with whom it is of', () => {
    expect(toReportEvent(rowOf('complaint', { feedback }))).toMatchObject({ event: 'complaint', feedback: shown });
  });

  test('an event of certified mail has the fields of the original, with the time that its receipt names', () => {
    const extra = { pec_timestamp: '2030-01-31T09:00:00.999+01:00', recipient: 'ann@example.org', error_reason: null };
    expect(toReportEvent(rowOf('pec_delivery', { extra }))).toMatchObject({
      ...{ id: 'order-1', event: 'pec_delivery', pec_event: 'pec_delivery', extra },
      ...{ pec_ts: Date.UTC(2030, 0, 31, 8) / 1_000, pec_details: extra },
    });
    expect(toReportEvent(rowOf('pec_timeout', { extra: { stage: 'acceptance' } }))).toMatchObject({
      ...{ pec_event: 'pec_timeout', pec_ts: TS, pec_details: { stage: 'acceptance' } },
    });
  });

  test("a mixin's own event is told with what it says", () => {
    const event = toReportEvent(rowOf('post_taken', { extra: { stamp: 7 } }));
    expect(event).toMatchObject({ event: 'post_taken', extra: { stamp: 7 } });
    expect(event).not.toHaveProperty('feedback');
  });
});
