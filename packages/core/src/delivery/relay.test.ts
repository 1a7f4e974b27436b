// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { engineConfigSchema } from '../config/engine-config.ts';
import type { AccountRelayRow } from '../entities/account/account.model.ts';
import { createOutgoingHttp } from '../outgoing/outgoing-http.ts';
import { createOAuthTokens } from '../smtp/oauth-tokens.ts';
import { RFC5321_TIMEOUTS } from '../smtp/session.types.ts';
import { PLAIN_ACCOUNT } from './plain-account.case.ts';
import { poolRequest } from './relay.ts';

const SETTINGS = v.parse(engineConfigSchema, { database: ':memory:' }).delivery;
const ACCOUNT: AccountRelayRow = {
  ...PLAIN_ACCOUNT,
  pk: 'pk1',
  tenantId: 'tenant',
  id: 'account',
  version: 3,
  port: 587,
  tls: 'starttls',
  maxConnections: 4,
  maxMessagesPerConnection: 50,
};

/** What all requests share. */
const INSTANCE = {
  settings: SETTINGS,
  tokens: createOAuthTokens({
    clock: systemClock,
    http: createOutgoingHttp({ clock: systemClock, policy: {} }),
  }),
  outgoing: {},
};

function requestFor(
  overrides: Partial<AccountRelayRow>,
  isImmediate = false,
  share = Number.POSITIVE_INFINITY,
  sizeBytes = 5_000,
) {
  return poolRequest({ ...ACCOUNT, ...overrides }, { ...INSTANCE, isImmediate, sizeBytes, share: () => share });
}

describe('the relay of an account', () => {
  test('has nothing that the account leaves open', () => {
    const { relay } = requestFor({});
    expect(relay).toMatchObject({ host: 'relay.test', port: 587, tls: 'starttls', ehloName: SETTINGS.ehloName });
    for (const absent of ['auth', 'ca', 'servername', 'minTlsVersion', 'clientCert']) {
      expect(relay).not.toHaveProperty(absent);
    }
  });

  test('has the TLS settings and the EHLO name of the account', () => {
    const { relay } = requestFor({
      tlsServername: 'other.test',
      tlsCa: 'ca',
      tlsMinVersion: 'TLSv1.3',
      tlsClientCert: 'cert',
      tlsClientKey: 'key',
      ehloName: 'mine.test',
    });
    expect(relay).toMatchObject({
      servername: 'other.test',
      ca: 'ca',
      minTlsVersion: 'TLSv1.3',
      clientCert: { cert: 'cert', key: 'key' },
      ehloName: 'mine.test',
    });
  });

  test('has the timeouts of RFC 5321 where the configuration says nothing', () => {
    expect(requestFor({}).relay.timeouts).toEqual(RFC5321_TIMEOUTS);
  });

  test('has the password, or a source of tokens', async () => {
    expect(requestFor({ user: 'me', password: 'secret', authMethod: 'login' }).relay.auth).toEqual({
      user: 'me',
      method: 'login',
      password: 'secret',
    });
    const { auth } = requestFor({ user: 'me', authMethod: 'xoauth2', oauth: { accessToken: 'token' } }).relay;
    expect(auth).toMatchObject({ user: 'me', method: 'xoauth2' });
    expect(auth).not.toHaveProperty('password');
    expect(await auth?.token?.()).toBe('token');
  });
});

test('one connection of several is kept for immediate messages, and each version has its own', () => {
  expect(requestFor({})).toMatchObject({ key: 'pk1:3', limits: { maxConnections: 3 } });
  expect(requestFor({}, true)).toMatchObject({ key: 'pk1:3:immediate', limits: { maxConnections: 1 } });
  expect(requestFor({ maxConnections: 1 }, true)).toMatchObject({ key: 'pk1:3', limits: { maxConnections: 1 } });
});

test('what is small may take the place of the one that is kept, and who is immediate knows who has it', () => {
  expect(requestFor({}).limits).toMatchObject({ keptFor: 'pk1:3:immediate', isLong: false });
  expect(requestFor({}, false, 4, 262_145).limits).toMatchObject({ keptFor: 'pk1:3:immediate', isLong: true });
  expect(requestFor({}, true).limits).toMatchObject({ lentTo: { key: 'pk1:3', maxConnections: 3 } });
  for (const isImmediate of [false, true]) {
    const { limits } = requestFor({ maxConnections: 1 }, isImmediate);
    expect([limits.keptFor, limits.lentTo]).toEqual([undefined, undefined]);
  }
  expect(requestFor({}, true).limits.keptFor).toBeUndefined();
});

test('who waits for a connection has no more of them than the instance has by then', () => {
  let share = 4;
  const use = { ...INSTANCE, sizeBytes: 1, share: () => share };
  const { limits } = poolRequest(ACCOUNT, { ...use, isImmediate: false });
  const { limits: ofImmediate } = poolRequest(ACCOUNT, { ...use, isImmediate: true });
  share = 2;
  expect([limits.maxConnections, limits.keptFor]).toEqual([1, 'pk1:3:immediate']);
  expect(ofImmediate.lentTo).toMatchObject({ maxConnections: 1 });
  share = 1;
  expect([limits.maxConnections, limits.keptFor]).toEqual([1, undefined]);
});

test('of a share of the connections no more are used, and of one alone none is kept', () => {
  expect(requestFor({}, false, 2)).toMatchObject({ key: 'pk1:3', limits: { maxConnections: 1 } });
  expect(requestFor({}, true, 1)).toMatchObject({ key: 'pk1:3', limits: { maxConnections: 1 } });
  expect(requestFor({}, false, 10)).toMatchObject({ limits: { maxConnections: 3 } });
});
