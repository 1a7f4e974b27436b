// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OnInDoubt } from '../entities/message/message.table.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { PendingRecipient } from '../queue/load-recipients.ts';
import { DEFAULT_RETRY_POLICY, ORIGINAL_DELAYS_MS } from '../retry-policy.ts';
import type { SmtpReply, SmtpStage } from '../smtp/reply.ts';
import type { RecipientReply } from '../smtp/session.types.ts';
import { type SettlementContext, settlementOf } from './attempt.ts';
import { outcomeOf, untried } from './outcome.ts';

const NOW = 1_900_000_000_000;
const POLICY = DEFAULT_RETRY_POLICY;

const MESSAGE: ClaimedMessage = {
  pk: 'pk',
  tenant_id: 'acme',
  id: 'm1',
  account_pk: 'account',
  owner_session: 1,
  priority: 2,
  rank: 0,
  eligible_at: NOW - 1_000,
  batch_code: null,
  on_in_doubt: 'retry',
  units: 1,
  attempts: 0,
  message_id: '<pk@example.org>',
  expires_at: null,
  created_at: NOW - 1_000,
};

// Luck of zero: the longest delay there can be.
const CONTEXT: SettlementContext = { session: 7, now: NOW, policy: POLICY, random: () => 0, decided: [] };

const reply = (code: number, enhanced: string, text: string): SmtpReply => ({ code, enhanced, text });
type Answer = (address: string) => RecipientReply;
const accepted: Answer = (address) => ({ status: 'accepted', address, reply: reply(250, '2.0.0', 'queued') });
const refused =
  (code: number, enhanced: string, stage: SmtpStage = 'rcpt'): Answer =>
  (address) => ({ status: 'refused', address, stage, reply: reply(code, enhanced, 'no') });
const broken =
  (doubt: boolean): Answer =>
  (address) => ({ status: 'broken', address, fault: { kind: 'reset', stage: 'dot', text: 'cut' }, doubt });

const unknown = refused(550, '5.1.1');
const later = refused(451, '4.3.0');

/** Settle a message whose recipients were answered so. */
function settle(
  answers: readonly Answer[],
  changes: { message?: Partial<ClaimedMessage>; context?: Partial<SettlementContext> } = {},
) {
  const outcomes = answers.map((answer, position) => {
    const { attempts = 0 } = changes.message ?? {};
    const recipient: PendingRecipient = { position, address: `r${position}@example.org`, attempts };
    return outcomeOf(recipient, answer(recipient.address), {
      rules: [],
      onInDoubt: changes.message?.on_in_doubt ?? 'retry',
    });
  });
  return settlementOf({ ...MESSAGE, ...changes.message }, outcomes, { ...CONTEXT, ...changes.context });
}

describe('what the recipients became decides what the message becomes', () => {
  const cases = [
    { name: 'all taken', answers: [accepted, accepted], decided: [], state: 'final', result: 'sent', event: 'sent' },
    {
      name: '550 for one of two',
      answers: [accepted, unknown],
      decided: [],
      state: 'final',
      result: 'partially_sent',
      event: 'partially_sent',
    },
    { name: '550 for all', answers: [unknown, unknown], decided: [], state: 'final', result: 'failed', event: 'error' },
    {
      name: '550 for the last one, after another was served before',
      answers: [unknown],
      decided: ['sent'],
      state: 'final',
      result: 'partially_sent',
      event: 'partially_sent',
    },
    {
      name: 'the last one taken, after another was refused before',
      answers: [accepted],
      decided: ['failed'],
      state: 'final',
      result: 'partially_sent',
      event: 'partially_sent',
    },
    {
      name: 'the last one taken, after all others were taken before',
      answers: [accepted],
      decided: ['sent'],
      state: 'final',
      result: 'sent',
      event: 'sent',
    },
    { name: '451 for all', answers: [later, later], decided: [], state: 'deferred', result: null, event: 'deferred' },
    {
      name: '451 for one',
      answers: [accepted, later],
      decided: [],
      state: 'deferred',
      result: null,
      event: 'deferred',
    },
    {
      name: 'connection cut before the dot',
      answers: [broken(false)],
      decided: [],
      state: 'deferred',
      result: null,
      event: 'deferred',
    },
    {
      name: 'connection cut after the dot',
      answers: [broken(true)],
      decided: [],
      state: 'deferred',
      result: null,
      event: 'deferred',
    },
  ] as const;

  test.each(cases)('$name: $event', ({ answers, decided, state, result, event }) => {
    const settlement = settle(answers, { context: { decided } });
    expect(settlement).toMatchObject({ state, result, attempts: 1, session: 7, pk: 'pk', tenantId: 'acme', now: NOW });
    expect(settlement.event).toMatchObject({ type: event, attempt: 1 });
    expect(settlement.recipients).toHaveLength(answers.length);
    expect(settlement.eligibleAt === null).toBe(state === 'final');
  });
});

test('451 for one of three: only that one stays pending', () => {
  const { recipients, eligibleAt, event } = settle([accepted, later, unknown]);
  expect(recipients.map(({ state, attempts, code }) => ({ state, attempts, code }))).toEqual([
    { state: 'sent', attempts: 1, code: 250 },
    { state: 'pending', attempts: 1, code: 451 },
    { state: 'failed', attempts: 1, code: 550 },
  ]);
  expect(eligibleAt).toBe(NOW + POLICY.baseMs);
  expect(event.detail.nextAttemptAt).toBe(eligibleAt);
});

test('all taken: no error stays with the message', () => {
  const { lastError, event } = settle([accepted]);
  expect(lastError).toBeNull();
  expect(event.detail).not.toHaveProperty('reason');
});

test('a refusal stays with the message as stage, code and text', () => {
  expect(settle([accepted, unknown]).lastError).toBe('rcpt: 550 5.1.1 no');
});

test('the delay grows with the attempts that were made', () => {
  const { eligibleAt, attempts } = settle([later], { message: { attempts: 3 } });
  expect(attempts).toBe(4);
  expect(eligibleAt).toBe(NOW + POLICY.baseMs * 8);
});

describe('giving up', () => {
  test.each([
    ['older than the policy allows', { created_at: NOW - POLICY.maxAgeMs }],
    ['too old by the time of the next attempt', { created_at: NOW - POLICY.maxAgeMs + POLICY.baseMs }],
  ])('451 for a message %s: it has failed', (_, message) => {
    const settlement = settle([later], { message });
    expect(settlement).toMatchObject({ state: 'final', result: 'failed', eligibleAt: null });
    expect(settlement.recipients).toMatchObject([{ state: 'failed', code: 451 }]);
    expect(settlement.lastError).toBe('given up: rcpt: 451 4.3.0 no');
    expect(settlement.event.type).toBe('error');
  });

  test('451 for a message that expires before the next attempt: it has expired', () => {
    const settlement = settle([later], { message: { expires_at: NOW + POLICY.baseMs } });
    expect(settlement).toMatchObject({ state: 'final', result: 'expired', eligibleAt: null });
    expect(settlement.recipients).toMatchObject([{ state: 'expired', code: 451 }]);
    expect(settlement.event.type).toBe('expired');
  });

  test('451 one millisecond before it is too old: it is tried again', () => {
    const created_at = NOW - POLICY.maxAgeMs + POLICY.baseMs + 1;
    expect(settle([later], { message: { created_at } }).state).toBe('deferred');
  });

  test('451 for one of two when it is too old: partially sent', () => {
    const settlement = settle([accepted, later], { message: { created_at: NOW - POLICY.maxAgeMs } });
    expect(settlement).toMatchObject({ state: 'final', result: 'partially_sent' });
  });

  test('a success is a success, however old the message', () => {
    const settlement = settle([accepted], { message: { created_at: 0 } });
    expect(settlement).toMatchObject({ result: 'sent', lastError: null });
  });
});

test('a connection cut after the dot is told as a possible duplicate, one cut before it is not', () => {
  expect(settle([broken(true)]).event.detail.possibleDuplicate).toBe(true);
  expect(settle([broken(false)]).event.detail).not.toHaveProperty('possibleDuplicate');
  expect(settle([accepted]).event.detail).not.toHaveProperty('possibleDuplicate');
});

test('a broken connection never fails a recipient by itself, however often it breaks', () => {
  const { recipients } = settle([broken(false)], { message: { attempts: 1_000 } });
  expect(recipients).toMatchObject([{ state: 'pending', stage: 'dot', code: null, reply: 'cut' }]);
});

test.each([
  { doubt: false, attempts: 0 },
  { doubt: true, attempts: 1 },
])(
  'TLS that fails in a session pauses the account: it counts as $attempts attempts with doubt $doubt',
  ({ doubt, attempts }) => {
    const fault = { kind: 'tls', stage: 'dot', text: 'bad record' } as const;
    const { recipients } = settle([(address) => ({ status: 'broken', address, fault, doubt })]);
    expect(recipients).toMatchObject([{ state: 'pending', verdict: 'account', attempts }]);
  },
);

test('the event tells what became of each address', () => {
  const { event } = settle([accepted, unknown]);
  expect(event.detail.recipients).toEqual([
    { address: 'r0@example.org', state: 'sent', stage: 'dot', code: 250, enhanced: '2.0.0', reply: 'queued' },
    { address: 'r1@example.org', state: 'failed', stage: 'rcpt', code: 550, enhanced: '5.1.1', reply: 'no' },
  ]);
});

describe('a connection cut after the dot', () => {
  const ends: readonly { policy: OnInDoubt; state: string; result: string | null; recipient: string; event: string }[] =
    [
      { policy: 'retry', state: 'deferred', result: null, recipient: 'pending', event: 'deferred' },
      { policy: 'hold', state: 'in_doubt', result: null, recipient: 'in_doubt', event: 'in_doubt' },
      { policy: 'fail', state: 'final', result: 'failed', recipient: 'failed', event: 'error' },
    ];
  test.each(ends)('under $policy: the message is $state', ({ policy, state, result, recipient, event }) => {
    const settlement = settle([broken(true)], { message: { on_in_doubt: policy } });
    expect(settlement).toMatchObject({ state, result });
    expect(settlement.recipients).toMatchObject([{ state: recipient, attempts: 1 }]);
    expect(settlement.event).toMatchObject({ type: event, detail: { possibleDuplicate: true } });
  });

  test('under hold: who was deferred waits for the decision, too, and is not given up meanwhile', () => {
    const settlement = settle([broken(true), later], {
      message: { on_in_doubt: 'hold', expires_at: NOW + 1 },
    });
    expect(settlement).toMatchObject({ state: 'in_doubt', result: null, eligibleAt: null, units: 1 });
    expect(settlement.recipients.map(({ state }) => state)).toEqual(['in_doubt', 'pending']);
  });

  test('under fail: who was deferred is tried again', () => {
    const settlement = settle([broken(true), later], { message: { on_in_doubt: 'fail' } });
    expect(settlement).toMatchObject({ state: 'deferred', result: null, units: 1 });
    expect(settlement.recipients.map(({ state }) => state)).toEqual(['failed', 'pending']);
  });
});

test('a hint in the reply is kept, within the longest delay of the policy', () => {
  const hinting =
    (text: string): Answer =>
    (address) => ({ status: 'refused', address, stage: 'rcpt', reply: reply(450, '4.7.1', text) });
  const delayOf = (text: string): number => (settle([hinting(text)]).eligibleAt ?? 0) - NOW;
  expect(delayOf('greylisted, try again in 300 seconds')).toBeGreaterThanOrEqual(300_000);
  expect(delayOf('greylisted, try again in 300 seconds')).toBeLessThanOrEqual(330_000);
  expect(delayOf('come back in 48 hours')).toBeLessThanOrEqual(POLICY.maxDelayMs * 1.1);
});

test('a list of delays that is used up fails the message', () => {
  const policy = { ...POLICY, delaysMs: ORIGINAL_DELAYS_MS };
  const after = (attempts: number) => settle([later], { message: { attempts }, context: { policy } });
  expect(after(4)).toMatchObject({ state: 'deferred', attempts: 5 });
  expect(after(5)).toMatchObject({ state: 'final', result: 'failed', attempts: 6 });
});

test('the delays are those of the attempts since a retry by hand, and the attempts go on counting', () => {
  const policy = { ...POLICY, delaysMs: ORIGINAL_DELAYS_MS };
  const recipient: PendingRecipient = { position: 0, address: 'r0@example.org', attempts: 0 };
  const outcome = outcomeOf(recipient, later(recipient.address), { rules: [], onInDoubt: 'retry' });
  expect(settlementOf({ ...MESSAGE, attempts: 6 }, [outcome], { ...CONTEXT, policy })).toMatchObject({
    state: 'deferred',
    attempts: 7,
    eligibleAt: NOW + (ORIGINAL_DELAYS_MS[0] ?? 0),
    recipients: [{ attempts: 1 }],
    event: { attempt: 7 },
  });
});

test('535 at MAIL is no attempt of the recipient, and does not use up the list of delays', () => {
  const policy = { ...POLICY, delaysMs: ORIGINAL_DELAYS_MS };
  const settlement = settle([accepted, refused(535, '5.7.8', 'mail')], {
    message: { attempts: ORIGINAL_DELAYS_MS.length },
    context: { policy },
  });
  expect(settlement.recipients).toMatchObject([
    { state: 'sent', attempts: ORIGINAL_DELAYS_MS.length + 1 },
    { state: 'pending', attempts: ORIGINAL_DELAYS_MS.length, verdict: 'account' },
  ]);
  expect(settlement).toMatchObject({ state: 'deferred', eligibleAt: NOW + POLICY.baseMs });
});

test('the hint to one who is refused for good delays nobody else', () => {
  const never: Answer = (address) => ({
    status: 'refused',
    address,
    stage: 'rcpt',
    reply: reply(550, '5.1.1', 'unknown; try again in 3600 seconds'),
  });
  expect(settle([never, later]).eligibleAt).toBe(NOW + POLICY.baseMs);
});

const ANSWERS = [accepted, unknown, later, broken(true), broken(false), 'untried'] as const;

test('whatever mix of outcomes: the state follows from the recipients, and nobody is forgotten', () => {
  const answers = fc.array(fc.constantFrom(...ANSWERS), {
    minLength: 1,
    maxLength: 12,
  });
  const policies = fc.constantFrom<OnInDoubt>('retry', 'hold', 'fail');
  const ages = fc.constantFrom(null, NOW + 1, NOW + 10 * POLICY.maxAgeMs);
  fc.assert(
    fc.property(answers, policies, ages, (given, on_in_doubt, expires_at) => {
      const outcomes = given.map((answer, position) => {
        const recipient: PendingRecipient = { position, address: `r${position}@example.org`, attempts: 0 };
        if (answer === 'untried') return untried(recipient);
        return outcomeOf(recipient, answer(recipient.address), { rules: [], onInDoubt: on_in_doubt });
      });
      const settlement = settlementOf({ ...MESSAGE, on_in_doubt, expires_at }, outcomes, CONTEXT);
      const states = settlement.recipients.map(({ state }) => state);
      expect(settlement.recipients.map(({ position }) => position)).toEqual(given.map((_, index) => index));
      expect(settlement.units).toBe(states.filter((state) => state === 'pending').length);
      if (states.includes('in_doubt')) expect(settlement.state).toBe('in_doubt');
      else expect(settlement.state).toBe(states.includes('pending') ? 'deferred' : 'final');
      expect(settlement.result === null).toBe(settlement.state !== 'final');
      if (settlement.result === 'sent') expect(new Set(states)).toEqual(new Set(['sent']));
      if (settlement.result === 'failed') expect(states).not.toContain('sent');
      expect(states.includes('in_doubt')).toBe(on_in_doubt === 'hold' && outcomes.some(({ doubt }) => doubt));
    }),
  );
});
