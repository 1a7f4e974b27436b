// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import type { StoredContent } from '../entities/message/stored-content.ts';
import { combineHooks } from '../mixin/hooks.ts';
import { silentLog } from '../observability/log.ts';
import { createOutgoingHttp } from '../outgoing/outgoing-http.ts';
import type { Settlement } from '../queue/settle.ts';
import { DEFAULT_RETRY_POLICY } from '../retry-policy.ts';
import { REPLY_VECTORS, type ReplyVector } from '../smtp/classification-vectors.case.ts';
import { classifyReply } from '../smtp/classify.ts';
import { LockStepRelays } from '../smtp/lock-step-relays.ts';
import { createOAuthTokens } from '../smtp/oauth-tokens.ts';
import { createSmtpPool } from '../smtp/pool.ts';
import { rowsOf } from '../smtp/replies-guide.case.ts';
import { type RecipientReply, SmtpConnectError, type SmtpSession } from '../smtp/session.types.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { deliver } from './deliver.ts';
import { claimed, deliverySettings } from './dispatch-world.case.ts';
import { PLAIN_ACCOUNT } from './plain-account.case.ts';
import { SendOrder } from './send-order.ts';

/** What one attempt for two recipients came to. */
interface Attempt {
  readonly stage: string;
  readonly code: number;
  readonly settlement: Settlement | null;
  readonly now: number;
  readonly isPaused: boolean;
  readonly isSlowed: boolean;
}

/** One reply, given to both recipients, and where it is to RCPT also to the first alone, while the second is taken. */
interface Answered {
  readonly toAll: Attempt;
  readonly toOne: Attempt;
  /** To all, with a text that names a time. */
  readonly hinting: Attempt;
}

const HINT_MS = 7_200_000;
const HINT = 'try again in 2 hours';
const RECIPIENTS = [0, 1].map((position) => ({ position, address: `r${position}@example.org`, attempts: 0 }));

const CONTENT: StoredContent = {
  returnPath: 'shop@example.com',
  from: { name: '', address: 'shop@example.com' },
  to: RECIPIENTS.map(({ address }) => ({ name: '', address })),
  cc: [],
  replyTo: [],
  subject: 'Subject',
  text: 'Some text.\n',
  html: null,
  calendar: null,
  headers: [],
  raw: null,
};

const BEFORE_MAIL: ReadonlySet<string> = new Set(['connect', 'greeting', 'ehlo', 'starttls', 'auth']);

/** A relay that answers so, and takes the second recipient where it was not asked to refuse all. */
function openAnswering([code, enhanced, stage]: ReplyVector, text: string, isToAll: boolean) {
  const reply = { code, enhanced, text };
  const session: SmtpSession = {
    usable: true,
    transactions: 0,
    maxRecipients: 100,
    statedMaxRecipients: null,
    maxRecipientDomains: null,
    maxTransactions: null,
    transcript: [],
    lastDotMs: null,
    smtpUtf8: true,
    pipelining: true,
    send: async ({ to }, mayMail) => {
      expect(mayMail?.()).toBe(true);
      return to.map((address): RecipientReply => {
        const isTaken = !isToAll && address !== RECIPIENTS[0]?.address;
        return isTaken
          ? { status: 'accepted', address, reply: { code: 250, enhanced: '2.0.0', text: 'queued' } }
          : { status: 'refused', address, stage, reply };
      });
    },
    check: async () => true,
    quit: async () => {},
    destroy: () => {},
  };
  return async (): Promise<SmtpSession> => {
    if (BEFORE_MAIL.has(stage)) throw new SmtpConnectError({ kind: 'protocol', stage, text }, reply);
    return session;
  };
}

async function attempt(vector: ReplyVector, text: string, isToAll: boolean): Promise<Attempt> {
  const clock = new VirtualClock();
  const told: string[] = [];
  await using pool = createSmtpPool({ clock, open: openAnswering(vector, text, isToAll) });
  const settlement = await deliver(
    claimed({ created_at: clock.now(), units: 2 }),
    {
      log: silentLog,
      onStage: () => undefined,
      clock,
      // The longest delay there can be.
      random: () => 0,
      load: async () => ({
        content: JSON.stringify(CONTENT),
        pending: RECIPIENTS,
        decided: [],
        attachments: [],
        detached: [],
      }),
      recipients: async () => ({ pending: RECIPIENTS, decided: [] }),
      accounts: { relayRow: async () => PLAIN_ACCOUNT },
      signingKeys: async () => [],
      pool,
      tokens: createOAuthTokens({ clock, http: createOutgoingHttp({ clock, policy: {} }) }),
      outgoing: {},
      marks: { note: () => {}, write: async () => {} },
      hooks: combineHooks([], silentLog),
      settings: deliverySettings(),
      policy: DEFAULT_RETRY_POLICY,
      accountTrouble: async () => void told.push('paused'),
      accountRests: async () => false,
      accountWell: () => {},
      pathTried: () => {},
      slowDown: () => void told.push('slowed'),
      shareOf: () => Number.POSITIVE_INFINITY,
      findSuppressed: async () => new Map(),
      mayHaveArrived: async () => false,
      lockStepRelays: new LockStepRelays({ clock, log: silentLog }),
    },
    { session: 0, mayMail: () => true, place: new SendOrder().next(), signal: new AbortController().signal },
  );
  const [code, , stage] = vector;
  return {
    stage,
    code,
    settlement,
    now: clock.now(),
    isPaused: told.includes('paused'),
    isSlowed: told.includes('slowed'),
  };
}

async function answer(vector: ReplyVector): Promise<Answered> {
  return {
    toAll: await attempt(vector, 'no', true),
    toOne: await attempt(vector, 'no', vector[2] !== 'rcpt'),
    hinting: await attempt(vector, HINT, true),
  };
}

const statesOf = ({ settlement }: Attempt) => settlement?.recipients.map(({ state }) => state);

/** What was answered at RCPT is about the one recipient, anything else about all. */
function expectStates({ toOne, toAll }: Answered, state: 'pending' | 'failed'): void {
  expect(statesOf(toOne)).toEqual([state, toOne.stage === 'rcpt' ? 'sent' : state]);
  expect(statesOf(toAll)).toEqual([state, state]);
}

function expectOnlyAtRcpt(answered: Answered, state: 'pending' | 'failed'): void {
  expect(answered.toOne.stage).toBe('rcpt');
  expectStates(answered, state);
}

/** The cells of the table, and what each says. */
const MEANINGS: Readonly<Record<string, Readonly<Record<string, (answered: Answered) => void>>>> = {
  recipient: {
    'waits, the others are sent': (answered) => expectOnlyAtRcpt(answered, 'pending'),
    'failed, the others are sent': (answered) => expectOnlyAtRcpt(answered, 'failed'),
    'all failed': (answered) => expectStates(answered, 'failed'),
    'all wait'(answered) {
      // Nothing is written where nothing counts: all wait as they did.
      if (answered.toAll.settlement !== null) expectStates(answered, 'pending');
      else if (answered.toOne.settlement !== null) expect(statesOf(answered.toOne)).toEqual(['pending', 'sent']);
    },
  },
  message: {
    'deferred while one waits': ({ toAll, toOne }) => {
      for (const { settlement } of [toAll, toOne]) {
        expect(settlement).toMatchObject({ state: 'deferred', result: null, event: { type: 'deferred' } });
      }
    },
    'partially_sent, or failed when none was taken': ({ toAll, toOne }) => {
      expect(toOne.settlement).toMatchObject({ state: 'final', result: 'partially_sent' });
      expect(toAll.settlement).toMatchObject({ state: 'final', result: 'failed', event: { type: 'error' } });
    },
    deferred: ({ toAll }) =>
      expect(toAll.settlement).toMatchObject({ state: 'deferred', result: null, event: { type: 'deferred' } }),
    failed: ({ toAll }) =>
      expect(toAll.settlement).toMatchObject({ state: 'final', result: 'failed', event: { type: 'error' } }),
    'goes back, the attempt is not counted': ({ toAll, toOne }) => {
      expect(toAll.settlement).toBeNull();
      // With somebody served there is something to write; of who was not, no attempt is counted.
      if (toOne.settlement !== null)
        expect(toOne.settlement.recipients.map(({ attempts }) => attempts)).toEqual([0, 1]);
    },
  },
  account: {
    'goes on': ({ toAll }) => expect([toAll.isPaused, toAll.isSlowed]).toEqual([false, false]),
    'goes on; slower after a 421': ({ toAll }) =>
      expect([toAll.isPaused, toAll.isSlowed]).toEqual([false, toAll.code === 421]),
    'paused; one message is the probe when the pause is over': ({ toAll }) =>
      expect([toAll.isPaused, toAll.isSlowed]).toEqual([true, false]),
  },
  retry: {
    none: ({ toAll }) => expect(toAll.settlement).toMatchObject({ state: 'final', eligibleAt: null, units: 0 }),
    "by the policy or the relay's hint": expectRetries,
    "for this recipient, by the policy or the relay's hint"(answered) {
      expectRetries(answered);
      expect(answered.toOne.settlement).toMatchObject({ state: 'deferred', units: 1 });
    },
    'when the account is well again': ({ toAll, hinting }) => {
      expect([toAll.settlement, hinting.settlement]).toEqual([null, null]);
    },
  },
};

function expectRetries({ toAll, hinting }: Answered): void {
  // The fourth attempt of each recipient, but the first of the message.
  expect(toAll.settlement?.eligibleAt).toBe(toAll.now + DEFAULT_RETRY_POLICY.baseMs);
  const waitMs = (hinting.settlement?.eligibleAt ?? 0) - hinting.now;
  expect(waitMs).toBeGreaterThanOrEqual(HINT_MS);
  expect(waitMs).toBeLessThanOrEqual(1.1 * HINT_MS);
}

describe('the table of consequences says what happens', () => {
  test.each(rowsOf('consequences'))('%s %s', async (verdict, permanence, ...cells) => {
    const vectors = REPLY_VECTORS.filter(([code, enhanced, stage]) => {
      const read = classifyReply({ code, enhanced }, stage);
      // To QUIT the mail is over.
      return stage !== 'quit' && read.verdict === verdict && read.permanence === permanence;
    });
    expect(vectors.length).toBeGreaterThan(0);
    for (const vector of vectors) {
      const answered = await answer(vector);
      for (const [index, column] of Object.keys(MEANINGS).entries()) {
        const cell = cells[index] ?? '';
        const meaning = MEANINGS[column]?.[cell];
        if (meaning === undefined) throw new Error(`nothing is known of a ${column} of which is said: ${cell}`);
        try {
          meaning(answered);
        } catch (cause) {
          throw new Error(`${vector.slice(0, 3).join(' ')}: ${column}: ${cell}`, { cause });
        }
      }
    }
  });
});
