// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createOutgoingHttp } from '../outgoing/outgoing-http.ts';
import { classifyConnectError } from './classify.ts';
import type { OAuthSettings } from './oauth.types.ts';
import { createOAuthTokens } from './oauth-tokens.ts';
import { SmtpConnectError } from './session.types.ts';
import { standingClock } from './standing-clock.case.ts';

interface Asked {
  readonly form: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
}

type Answer = (asked: Asked, response: ServerResponse) => void;

/** A token endpoint, and a store of tokens that asks it. */
async function startWorld(answer: Answer) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const each = { form: Object.fromEntries(new URLSearchParams(body)), headers: request.headers };
    asked.push(each);
    answer(each, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has this form of address.
  const { port } = server.address() as AddressInfo;
  const { clock, advance } = standingClock();
  const http = createOutgoingHttp({ clock, policy: { allowPrivateNetworks: true } });
  const tokens = createOAuthTokens({ clock, http });
  const settings = {
    tokenUrl: `http://127.0.0.1:${port}/token`,
    clientId: 'the client',
    clientSecret: 's3cret&=',
    refreshToken: 'r3fresh',
  };
  return {
    asked,
    advance,
    http,
    tokens,
    settings,
    source: (overrides: Partial<typeof settings & { scope: string }> = {}, version = 1) =>
      tokens.source({ pk: 'account', version }, { ...settings, ...overrides }),
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function json(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Answers token1, token2 ... with this lifetime. */
function counting(lifetimeSeconds: number | string | null = 3_600): Answer {
  let count = 0;
  return (_, response) => {
    count += 1;
    json(response, {
      access_token: `token${count}`,
      token_type: 'Bearer',
      ...(lifetimeSeconds === null ? {} : { expires_in: lifetimeSeconds }),
    });
  };
}

async function failure(promise: Promise<unknown>): Promise<SmtpConnectError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SmtpConnectError)) throw new Error('a token came, or it failed otherwise', { cause: error });
  return error;
}

describe('asking', () => {
  test('by refresh token where there is one', async () => {
    await using world = await startWorld(counting());
    expect(await world.source()()).toBe('token1');
    expect(world.asked).toMatchObject([
      {
        form: {
          grant_type: 'refresh_token',
          refresh_token: 'r3fresh',
          client_id: 'the client',
          client_secret: 's3cret&=',
        },
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ]);
  });

  test('by client credentials where there is none, with the scope', async () => {
    await using world = await startWorld(counting());
    const { refreshToken: _, ...settings } = world.settings;
    const withScope: OAuthSettings = { ...settings, scope: 'https://mail.test/.default' };
    expect(await world.tokens.source({ pk: 'account', version: 1 }, withScope)()).toBe('token1');
    expect(world.asked[0]?.form).toEqual({
      grant_type: 'client_credentials',
      client_id: 'the client',
      client_secret: 's3cret&=',
      scope: 'https://mail.test/.default',
    });
  });

  test('callers at the same time share one request', async () => {
    await using world = await startWorld(counting());
    const tokens = await Promise.all(Array.from({ length: 20 }, () => world.source()()));
    expect(new Set(tokens)).toEqual(new Set(['token1']));
    expect(world.asked).toHaveLength(1);
  });

  test('callers at the same time share a failure, and one that comes later asks again', async () => {
    let isUp = false;
    const answer = counting();
    await using world = await startWorld((asked, response) => {
      if (isUp) answer(asked, response);
      else json(response, {}, 503);
    });
    const failed = await Promise.allSettled([world.source()(), world.source()()]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(world.asked).toHaveLength(1);
    isUp = true;
    world.advance(15_000);
    expect(await world.source()()).toBe('token1');
  });

  test('a token that was given is used as it is', async () => {
    await using world = await startWorld(counting());
    const source = world.tokens.source({ pk: 'account', version: 1 }, { accessToken: 'given' });
    expect(await source()).toBe('given');
    expect(await source('given')).toBe('given');
    expect(world.asked).toHaveLength(0);
  });
});

describe('keeping', () => {
  test.each([
    [3_600, 3_540_000],
    ['3600', 3_540_000],
    [null, 540_000],
  ])('a token of %o s is used until a minute before its end', async (lifetime, keptMs) => {
    await using world = await startWorld(counting(lifetime));
    await world.source()();
    world.advance(keptMs - 1);
    expect(await world.source()()).toBe('token1');
    world.advance(1);
    expect(await world.source()()).toBe('token2');
  });

  test('a token of less than a minute is asked for each time', async () => {
    await using world = await startWorld(counting(59));
    expect([await world.source()(), await world.source()()]).toEqual(['token1', 'token2']);
  });

  test('other settings, another account: another token', async () => {
    await using world = await startWorld(counting());
    await world.source()();
    expect(await world.source({}, 2)()).toBe('token2');
    expect(await world.tokens.source({ pk: 'other', version: 2 }, world.settings)()).toBe('token3');
    expect(await world.source({}, 2)()).toBe('token2');
  });

  test('a refresh token that is replaced is used from then on', async () => {
    let count = 0;
    await using world = await startWorld((_, response) => {
      count += 1;
      json(response, { access_token: `token${count}`, expires_in: 0, refresh_token: `rotated${count}` });
    });
    await world.source()();
    await world.source()();
    expect(world.asked.map(({ form }) => form['refresh_token'])).toEqual(['r3fresh', 'rotated1']);
  });
});

/** An endpoint that takes the last refresh token that it gave only, as those do that find a second use suspicious. */
function rotating(): Answer {
  let valid = 'r3fresh';
  let count = 0;
  return ({ form }, response) => {
    if (form['refresh_token'] !== valid) {
      json(response, { error: 'invalid_grant' }, 400);
      return;
    }
    count += 1;
    valid = `rotated${count}`;
    json(response, { access_token: `token${count}`, expires_in: 0, refresh_token: valid });
  };
}

/** What instances share, as the accounts' table is. */
function sharedStore(stored: string) {
  const store = {
    stored,
    isAway: false,
    current: async () => (store.isAway ? null : store.stored),
    async replace(_owner: string, used: string, next: string) {
      if (store.isAway) return false;
      if (store.stored === used) store.stored = next;
      return true;
    },
  };
  return store;
}

describe('a refresh token that the endpoint replaces', () => {
  const owner = { pk: 'account', version: 1 };

  test('is stored before its access token is given out, and used by another instance and after a restart', async () => {
    await using world = await startWorld(rotating());
    const refreshTokens = sharedStore('r3fresh');
    const [here, there] = [0, 1].map(() =>
      createOAuthTokens({ clock: standingClock().clock, http: world.http, refreshTokens }).source(
        owner,
        world.settings,
      ),
    );
    expect(await here?.()).toBe('token1');
    expect(refreshTokens.stored).toBe('rotated1');
    expect(await there?.()).toBe('token2');
    expect(await here?.()).toBe('token3');
    expect(refreshTokens.stored).toBe('rotated3');
  });

  test('that another instance uses in the same moment is asked for again, once', async () => {
    const refreshTokens = sharedStore('r3fresh');
    let isFirst = true;
    const answer = rotating();
    await using world = await startWorld((asked, response) => {
      if (isFirst) {
        // The other one was faster.
        isFirst = false;
        refreshTokens.stored = 'rotated1';
        answer(asked, new ServerResponse(new IncomingMessage(new Socket())));
      }
      answer(asked, response);
    });
    const tokens = createOAuthTokens({ clock: standingClock().clock, http: world.http, refreshTokens });
    expect(await tokens.source(owner, world.settings)()).toBe('token2');
    expect(world.asked.map(({ form }) => form['refresh_token'])).toEqual(['r3fresh', 'rotated1']);
  });

  test('is used meanwhile and stored later where the store is away', async () => {
    await using world = await startWorld(rotating());
    const refreshTokens = sharedStore('r3fresh');
    const source = createOAuthTokens({ clock: standingClock().clock, http: world.http, refreshTokens }).source(
      owner,
      world.settings,
    );
    refreshTokens.isAway = true;
    expect([await source(), await source()]).toEqual(['token1', 'token2']);
    expect(refreshTokens.stored).toBe('r3fresh');
    refreshTokens.isAway = false;
    expect(await source()).toBe('token3');
    expect(refreshTokens.stored).toBe('rotated3');
  });

  test('is waited for by who uses newer settings of the account', async () => {
    await using world = await startWorld(rotating());
    const tokens = createOAuthTokens({
      clock: standingClock().clock,
      http: world.http,
      refreshTokens: sharedStore('r3fresh'),
    });
    const both = [1, 2].map((version) => tokens.source({ pk: 'account', version }, world.settings)());
    expect(await Promise.all(both)).toEqual(['token1', 'token2']);
    expect(world.asked).toHaveLength(2);
  });
});

describe('a token that the relay refused', () => {
  test('is asked for anew once it was kept, by all who had it together', async () => {
    await using world = await startWorld(counting());
    const source = world.source();
    await source();
    await source();
    expect(await Promise.all([source('token1'), source('token1')])).toEqual(['token2', 'token2']);
    expect(await source('token1')).toBe('token2');
    expect(world.asked).toHaveLength(2);
  });

  test('just after it was asked for is not asked for again: it was not its age', async () => {
    await using world = await startWorld(counting());
    const source = world.source();
    const token = await source();
    expect(await source(token)).toBe(token);
    expect(world.asked).toHaveLength(1);
  });
});

describe('an endpoint that gives none', () => {
  test.each([429, 408, 500, 502, 503])('%i is for now: the account waits', async (status) => {
    await using world = await startWorld((_, response) => json(response, { error: 'slow_down' }, status));
    const error = await failure(world.source()());
    expect(error).toMatchObject({ fault: { kind: 'token', stage: 'auth', retryAfterMs: 15_000 }, reply: null });
    expect(error.fault.text).toContain(`${status} slow_down`);
    expect(classifyConnectError(error)).toEqual({ permanence: 'temporary', verdict: 'account' });
  });

  test.each([
    [400, { error: 'invalid_grant', error_description: 'expired' }],
    [401, { error: 'invalid_client' }],
    [404, 'not here'],
    [302, {}],
    [200, { token_type: 'Bearer' }],
    [200, { access_token: 'two\r\nlines' }],
    [200, '<html>'],
  ])('%i %o is the account', async (status, body) => {
    await using world = await startWorld((_, response) => {
      response.setHeader('location', `${world.settings.tokenUrl}2`);
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    const error = await failure(world.source()());
    expect(error).toMatchObject({ fault: { kind: 'refused', stage: 'auth' }, reply: { code: 535 } });
    expect(error.reply?.text).toMatch(/^\[mail-proxy, not sent\] the token endpoint: /);
    expect(classifyConnectError(error).verdict).toBe('account');
    expect(world.asked).toHaveLength(1);
  });

  test('with a lifetime that is no number, however deep, is the account', async () => {
    const deep = `${'['.repeat(12_000)}${']'.repeat(12_000)}`;
    await using world = await startWorld((_, response) => {
      response.end(`{"access_token":"token","expires_in":${deep}}`);
    });
    expect(await failure(world.source()())).toMatchObject({ reply: { code: 535 } });
  });

  test('that repeats our secrets shows none', async () => {
    await using world = await startWorld((_, response) =>
      json(response, { error: 'invalid_client', error_description: 's3cret&= r3fresh \u001b[31m is bad' }, 401),
    );
    const error = await failure(world.source()());
    expect(JSON.stringify([error, error.message, error.stack])).not.toMatch(/s3cret|r3fresh|\\u001b/);
    expect(error.reply?.text).toContain('invalid_client [redacted] [redacted]');
  });

  test('that does not listen is for now', async () => {
    const world = await startWorld(counting());
    await world[Symbol.asyncDispose]();
    const error = await failure(world.source()());
    const text = expect.stringContaining('ECONNREFUSED');
    expect(error.fault).toMatchObject({ kind: 'token', stage: 'auth', text });
  });

  test('that does not answer ends with a timeout', async () => {
    const arrived = Promise.withResolvers<void>();
    await using world = await startWorld(() => arrived.resolve());
    const waiting = failure(world.source()());
    await arrived.promise;
    world.advance(15_000);
    const text = expect.stringContaining('no answer within 15000 ms');
    expect(await waiting).toMatchObject({ fault: { kind: 'token', stage: 'auth', text }, reply: null });
  });

  test('that never stops answering is cut off', async () => {
    await using world = await startWorld((_, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write(' '.repeat(16_384)));
      };
      response.on('drain', write);
      write();
    });
    const error = await failure(world.source()());
    expect(error.fault).toMatchObject({ kind: 'token', text: expect.stringContaining('larger than 65536 bytes') });
  });
});

describe('an endpoint that had none for now is left alone', () => {
  /** Answers 503 with these headers as long as the test wants. */
  async function startFailing(headers: Readonly<Record<string, string>> = {}) {
    const state = { isUp: false };
    const answer = counting(0);
    const world = await startWorld((asked, response) => {
      if (state.isUp) answer(asked, response);
      else response.writeHead(503, headers).end();
    });
    return Object.assign(world, { state });
  }

  test('and all who ask meanwhile get the same failure, with what is left of the time', async () => {
    await using world = await startFailing();
    await failure(world.source()());
    world.advance(5_000);
    const error = await failure(world.source()());
    expect(error.fault).toMatchObject({ kind: 'token', retryAfterMs: 10_000 });
    expect(error.fault.text).toContain('503');
    expect(world.asked).toHaveLength(1);
  });

  test('twice as long after each failure in a row, up to a quarter of an hour, and as at first after a token', async () => {
    await using world = await startFailing();
    const rests: (number | undefined)[] = [];
    const fail = async (): Promise<void> => {
      const { retryAfterMs } = (await failure(world.source()())).fault;
      rests.push(retryAfterMs);
      world.advance(retryAfterMs ?? 0);
    };
    for (let n = 0; n < 8; n += 1) await fail();
    expect(rests).toEqual([15, 30, 60, 120, 240, 480, 900, 900].map((seconds) => seconds * 1_000));
    expect(world.asked).toHaveLength(8);
    world.state.isUp = true;
    await world.source()();
    world.state.isUp = false;
    await fail();
    expect(rests.at(-1)).toBe(15_000);
  });

  test.each([
    ['120', 120_000],
    ['0', 1_000],
    ['86400', 3_600_000],
    // The clock of these tests begins with the epoch.
    ['Thu, 01 Jan 1970 00:02:00 GMT', 120_000],
    ['soon', 15_000],
  ])('for what Retry-After says, within bounds: %s', async (retryAfter, restMs) => {
    await using world = await startFailing({ 'retry-after': retryAfter });
    expect((await failure(world.source()())).fault.retryAfterMs).toBe(restMs);
    world.advance(restMs - 1);
    await failure(world.source()());
    expect(world.asked).toHaveLength(1);
    world.advance(1);
    await failure(world.source()());
    expect(world.asked).toHaveLength(2);
  });

  test('by this account with these settings, and by no other', async () => {
    await using world = await startFailing();
    await failure(world.source()());
    world.state.isUp = true;
    expect(await world.source({}, 2)()).toBe('token1');
    expect(await world.tokens.source({ pk: 'other', version: 1 }, world.settings)()).toBe('token2');
  });
});
