// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import type { MixinOutgoing } from '../mixin/contract.ts';
import type { OutgoingHttp, OutgoingPolicy } from '../outgoing/outgoing-http.types.ts';
import { standingClock } from '../smtp/standing-clock.case.ts';
import { createMixinOutgoing } from './mixin-outgoing.ts';

const OWNER = { pk: 'mailbox', version: 1 };
const SETTINGS = { tokenUrl: 'https://login.example/token', clientId: 'c', clientSecret: 's3cret', refreshToken: 'r1' };

/** Every name is at 10.0.0.7; the endpoint answers with these. */
function outgoing(policies: Record<string, OutgoingPolicy>, answers: readonly [number, object][] = []): MixinOutgoing {
  const left = [...answers];
  const http: Pick<OutgoingHttp, 'fetchAll'> = {
    async fetchAll() {
      const [status, body] = left.shift() ?? [500, {}];
      return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    },
  };
  return createMixinOutgoing({
    clock: standingClock().clock,
    http,
    policy: {},
    policyOf: async (tenantId) => policies[tenantId] ?? null,
    lookup: async () => [{ address: '10.0.0.7', family: 4 }],
  });
}

describe('addresses of a host', () => {
  test('in a private network are for the operator, and for tenants that may go there', async () => {
    const { addressesOf } = outgoing({ acme: {}, inner: { allowedHosts: ['mail.example'] } });
    const found = [{ address: '10.0.0.7', family: 4 }];
    expect(await addressesOf('mail.example', null)).toEqual(found);
    expect(await addressesOf('mail.example', 'inner')).toEqual(found);
    await expect(addressesOf('mail.example', 'acme')).rejects.toMatchObject({ code: 'address_not_allowed' });
    await expect(addressesOf('mail.example', 'gone')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('access tokens', () => {
  test('come from the endpoint, whose new refresh token is kept', async () => {
    const replaced: string[][] = [];
    const { source } = outgoing({}, [[200, { access_token: 'a1', refresh_token: 'r2' }]]).accessTokens({
      current: async () => 'r1',
      replace: async (...args) => replaced.push(args) > 0,
    });
    expect(await source(OWNER, SETTINGS)()).toBe('a1');
    expect(replaced).toEqual([['mailbox', 'r1', 'r2']]);
  });

  test.each([
    [400, false],
    [503, true],
  ])('that the endpoint refuses with %i are a failure of which temporary is %s', async (status, temporary) => {
    const { source } = outgoing({}, [[status, { error: 'invalid_grant' }]]).accessTokens({
      current: async () => null,
      replace: async () => true,
    });
    await expect(source(OWNER, SETTINGS)()).rejects.toMatchObject({
      code: 'outgoing_failed',
      message: expect.stringContaining('token endpoint'),
      extra: { kind: 'token', temporary },
    });
  });
});
