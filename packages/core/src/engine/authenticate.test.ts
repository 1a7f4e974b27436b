// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../entities/api-key/api-key.model.ts';
import { keyLimits, principalOf, UNLIMITED } from '../entities/api-key/api-key.model.ts';
import type { Identified } from '../entities/api-key/identified.ts';
import type { Refusal } from '../operations/execute.ts';
import { standingClock } from '../smtp/standing-clock.case.ts';
import { type Authenticate, createAuthenticate } from './authenticate.ts';

const MAX_FAILURES_PER_MINUTE = 20;

const KEY: ApiKey = {
  ...{ id: 'k1', tenant_id: 'acme', kind: 'tenant', label: '', ...UNLIMITED },
  ...{ created_at: 0, expires_at: null, revoked_at: null, last_used_at: null, version: 1 },
};

interface Opened {
  readonly authenticate: Authenticate;
  readonly time: ReturnType<typeof standingClock>;
  readonly refused: readonly Refusal[];
  readonly used: readonly string[];
  /** Whether it was told to remember, each time that a key was looked for. */
  readonly asked: readonly boolean[];
  isTold: boolean;
}

/** The database has one key, with these limits; its token is `right`. */
function open(key: Partial<ApiKey> = {}, kind: Exclude<Identified['kind'], 'unknown'> = 'valid'): Opened {
  const time = standingClock();
  const known = { ...KEY, ...key };
  const limits = keyLimits(known);
  const refused: Refusal[] = [];
  const used: string[] = [];
  const asked: boolean[] = [];
  const opened = { time, refused, used, asked, isTold: true };
  const authenticate = createAuthenticate({
    wrongTokensPerMinute: MAX_FAILURES_PER_MINUTE,
    adminToken: 'admin-token',
    metricsToken: 'metrics-token',
    apiKeys: {
      async identify(token, { isTold }) {
        asked.push(isTold);
        if (token !== 'right') return { kind: 'unknown' };
        return { kind, known: { key: known, limits, hash: Buffer.alloc(0), principal: principalOf(known, limits) } };
      },
    },
    isTold: () => opened.isTold,
    clock: time.clock,
    onRefused: (refusal) => refused.push(refusal),
    onUsed: (id) => used.push(id),
  });
  return Object.assign(opened, { authenticate });
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'ok',
    (error: { readonly code?: string }) => error.code,
  );

describe('who holds a token', () => {
  test('nobody, the operator, the reader of metrics, or whose key it is', async () => {
    const { authenticate, used } = open();
    expect(await authenticate(null)).toMatchObject({ kind: 'anonymous' });
    expect(await authenticate('admin-token')).toMatchObject({ kind: 'admin' });
    expect(await authenticate('metrics-token')).toMatchObject({ kind: 'metrics' });
    expect(await authenticate('right')).toMatchObject({ kind: 'tenant', tenantId: 'acme', name: 'key k1' });
    expect(used).toEqual(['k1']);
  });

  test('is read each time while nobody tells what is revoked', async () => {
    const opened = open();
    await opened.authenticate('right');
    opened.isTold = false;
    await opened.authenticate('right');
    expect(opened.asked).toEqual([true, false]);
  });

  test.each([
    ['revoked', 'unauthenticated', 'key revoked'],
    ['expired', 'unauthenticated', 'key expired'],
  ] as const)('a key that is %s opens nothing, and is told by its name', async (kind, code, reason) => {
    const { authenticate, refused } = open({}, kind);
    expect(await codeOf(authenticate('right', { address: '192.0.2.1' }))).toBe(code);
    expect(refused).toEqual([
      {
        operation: 'authentication',
        tenantId: 'acme',
        principal: 'key k1',
        origin: '192.0.2.1',
        outcome: code,
        reason,
      },
    ]);
  });

  test('a wrong token is of nobody', async () => {
    const { authenticate, refused } = open();
    expect(await codeOf(authenticate('wrong'))).toBe('unauthenticated');
    expect(refused).toMatchObject([{ tenantId: null, principal: 'unknown', origin: 'embedded' }]);
  });
});

describe('a key for some addresses', () => {
  test('opens from them, and from nowhere else', async () => {
    const { authenticate, refused } = open({ ip_ranges: ['192.0.2.0/24'] });
    expect(await codeOf(authenticate('right', { address: '192.0.2.200' }))).toBe('ok');
    expect(await codeOf(authenticate('right', { address: '192.0.3.1' }))).toBe('forbidden');
    // Nobody knows where that is.
    expect(await codeOf(authenticate('right'))).toBe('forbidden');
    expect(refused).toMatchObject([{ reason: 'address not allowed', tenantId: 'acme' }, {}]);
  });
});

describe('a key with a rate', () => {
  test('makes so many requests a minute, and is told when there is room again', async () => {
    const { authenticate, time, refused } = open({ rate_per_minute: 3 });
    for (let n = 0; n < 3; n++) await authenticate('right');
    await expect(authenticate('right')).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 20_000,
      extra: { limit: 3, scope: 'key', window_seconds: 60 },
    });
    time.advance(19_999);
    expect(await codeOf(authenticate('right'))).toBe('rate_limited');
    time.advance(1);
    expect(await codeOf(authenticate('right'))).toBe('ok');
    expect(await codeOf(authenticate('right'))).toBe('rate_limited');
    expect(refused).toEqual([]);
  });
});

describe('too many wrong tokens of one address', () => {
  const address = '192.0.2.1';
  async function guess(opened: Opened, times: number, from = address): Promise<readonly unknown[]> {
    const codes: unknown[] = [];
    for (let n = 0; n < times; n++) codes.push(await codeOf(opened.authenticate(`guess ${n}`, { address: from })));
    return codes;
  }

  test('are not looked at any more, not even the right one, until a while has passed', async () => {
    const opened = open();
    expect(new Set(await guess(opened, MAX_FAILURES_PER_MINUTE))).toEqual(new Set(['unauthenticated']));
    const looked = opened.asked.length;
    expect(await guess(opened, 2)).toEqual(['rate_limited', 'rate_limited']);
    await expect(opened.authenticate('right', { address })).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 60_000 / MAX_FAILURES_PER_MINUTE,
    });
    expect(await codeOf(opened.authenticate('admin-token', { address }))).toBe('rate_limited');
    expect(opened.asked).toHaveLength(looked);
    expect(opened.refused.filter(({ outcome }) => outcome === 'rate_limited')).toHaveLength(4);
    opened.time.advance(60_000 / MAX_FAILURES_PER_MINUTE);
    expect(await codeOf(opened.authenticate('right', { address }))).toBe('ok');
  });

  test('do not shut out who was right there before, nor other addresses', async () => {
    const opened = open();
    await opened.authenticate('right', { address });
    await guess(opened, MAX_FAILURES_PER_MINUTE + 1);
    expect(await codeOf(opened.authenticate('right', { address }))).toBe('ok');
    expect(await codeOf(opened.authenticate('admin-token', { address: '192.0.2.2' }))).toBe('ok');
  });

  test('are those of a whole IPv6 site', async () => {
    const opened = open();
    await guess(opened, MAX_FAILURES_PER_MINUTE, '2001:db8::1');
    expect(await guess(opened, 1, '2001:db8::2')).toEqual(['rate_limited']);
    expect(await guess(opened, 1, '2001:db8:0:1::2')).toEqual(['unauthenticated']);
  });

  test('inside of the process there are none', async () => {
    const opened = open();
    for (let n = 0; n < MAX_FAILURES_PER_MINUTE + 5; n++) {
      expect(await codeOf(opened.authenticate('guess'))).toBe('unauthenticated');
    }
  });
});
