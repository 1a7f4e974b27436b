// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { AttachmentFailure } from '../attachments/attachment-failure.ts';
import type { PreparingMessage } from '../queue/preparing.ts';
import { DEFAULT_RETRY_POLICY } from '../retry-policy.ts';
import { settlementOfFetch } from './fetch-settlement.ts';

const NOW = 1_000_000_000_000;

const MESSAGE: PreparingMessage = {
  pk: 'm',
  tenant_id: 'acme',
  id: 'm',
  account_pk: 'a',
  owner_session: 3,
  priority: 2,
  rank: NOW,
  eligible_at: NOW,
  attempts: 4,
  batch_code: null,
  message_id: '<m@acme.example>',
  expires_at: null,
  on_in_doubt: 'retry',
  units: 1,
  created_at: NOW,
  fetch_attempts: 2,
  unfetched: 1,
};

const RECIPIENTS = {
  pending: [
    { position: 1, address: 'b@x.test', attempts: 4 },
    { position: 2, address: 'c@x.test', attempts: 1 },
  ],
  decided: [] as readonly string[],
};

function settled(failure: AttachmentFailure, changes: Partial<PreparingMessage> = {}, decided: readonly string[] = []) {
  return settlementOfFetch({ ...MESSAGE, ...changes }, failure, {
    session: 3,
    now: NOW,
    policy: DEFAULT_RETRY_POLICY,
    random: () => 0.5,
    recipients: { ...RECIPIENTS, decided },
  });
}

test('a failure for now defers by its own tries, and no recipient has an attempt more', () => {
  const settlement = settled(new AttachmentFailure('timeout', 'attachment a: it took too long'));
  expect(settlement).toMatchObject({
    state: 'deferred',
    result: null,
    attempts: 4,
    fetchAttempts: 3,
    lastError: expect.stringContaining('attachment a: it took too long'),
    recipients: [
      { position: 1, state: 'pending', attempts: 4, stage: 'fetch' },
      { position: 2, state: 'pending', attempts: 1, stage: 'fetch' },
    ],
    event: { type: 'deferred' },
  });
  // The third delay of factor 2 from a minute is up to four minutes.
  expect((settlement.eligibleAt ?? 0) - NOW).toBeLessThanOrEqual(240_000);
});

test('what the server asks for is waited for', () => {
  const failure = new AttachmentFailure('unavailable', 'attachment a: 503', { retryAfterMs: 900_000 });
  expect((settled(failure).eligibleAt ?? 0) - NOW).toBeGreaterThanOrEqual(900_000);
});

test('a failure for good fails it, partially where some recipients have it', () => {
  const failure = new AttachmentFailure('not_found', 'attachment a: it is not there');
  expect(settled(failure)).toMatchObject({ state: 'final', result: 'failed', attempts: 4, event: { type: 'error' } });
  expect(settled(failure, {}, ['sent'])).toMatchObject({ state: 'final', result: 'partially_sent' });
});

test('a message that would be too old by then is given up', () => {
  const failure = new AttachmentFailure('timeout', 'attachment a: it took too long');
  expect(settled(failure, { expires_at: NOW + 1 })).toMatchObject({ state: 'final', result: 'expired' });
});
