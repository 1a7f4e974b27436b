// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { defineMixin, defineOperation } from '@mail-proxy/core';
import { eventually, tempDir } from '@mail-proxy/testkit';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { ADMIN_TOKEN, type Answer, type ServedApp, serveApp } from './served-app.case.ts';

const mail = (id: string) => ({ id, from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'yo' });

const HOLDER = `const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(process.argv[1]);
database.exec('begin immediate');
process.stdout.write('held');
process.stdin.resume();`;

/** Somebody else writes to the file, so that all writes wait: another process, since locks keep out no part of one's own. */
async function holdWriter(path: string): Promise<AsyncDisposable> {
  const holder = spawn(process.execPath, ['-e', HOLDER, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = once(holder, 'exit');
  await once(holder.stdout, 'data');
  return {
    async [Symbol.asyncDispose]() {
      holder.kill('SIGKILL');
      await gone;
    },
  };
}

/** Acceptance that waits until it is let go on, however long the machine takes for what is to happen meanwhile. */
function gated() {
  const { promise, resolve } = Promise.withResolvers<null>();
  const hooks = { accepting: () => promise };
  return { open: () => resolve(null), gate: defineMixin({ id: 'gate', contract: 1, setup: () => ({ hooks }) }) };
}

async function withAccount(app: ServedApp): Promise<ServedApp> {
  const relay = { tenant_id: 'default', id: 'main', host: '127.0.0.1', port: 1, tls: 'none' };
  expect((await app.call('POST', '/v1/accounts', { json: relay })).status).toBe(201);
  return app;
}

const counted = async (app: ServedApp, sample: string): Promise<number> =>
  Number(new RegExp(`^${sample} (\\d+)`, 'm').exec((await app.engine.metricsText()).body)?.[1]);

const REFUSED = (reason: string) => `gmp_load_refused_total\\{reason="${reason}"\\}`;

test('while acceptance is slow so many requests wait, all others are refused at once, and who waited is accepted', async () => {
  const { open, gate } = gated();
  await using app = await withAccount(await serveApp({}, { limits: { maxRequests: 8 } }, [gate]));
  const answers: Answer[] = [];
  const sent: Promise<unknown>[] = [];
  for (let n = 0; n < 40; n++) {
    const call = app.call('POST', '/v1/messages', { json: mail(`m${n}`) });
    sent.push(call.then((answer) => answers.push(answer)));
  }
  await eventually(() => answers.length === 32);
  // Who asks whether it lives is answered all the same.
  expect((await app.call('GET', '/livez')).status).toBe(200);
  open();
  const refused = answers.splice(0);
  await Promise.all(sent);
  for (const { status, json, headers } of refused) {
    expect([status, json.code, headers.get('retry-after')]).toEqual([503, 'overloaded', '2']);
  }
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(202));
  const { json } = await app.call('GET', '/v1/messages');
  expect(json.items.map(({ id }: { readonly id: string }) => id).toSorted()).toEqual(
    answers.map((answer) => answer.json.id).toSorted(),
  );
  expect(await counted(app, REFUSED('requests'))).toBe(32);
  expect(app.logged.filter(({ level }) => level === 'error')).toEqual([]);
});

describe('while the database is slow', () => {
  test('a tenant has half of the places, and is told that the limit is its own', async () => {
    using dir = tempDir();
    const database = dir.file('mail.db');
    await using app = await withAccount(await serveApp({}, { database, limits: { maxRequests: 4 } }));
    const { json } = await app.call('POST', '/v1/tenants', { json: { id: 'acme' } });
    await app.call('POST', '/v1/accounts', {
      json: { tenant_id: 'acme', id: 'own', host: '127.0.0.1', port: 1, tls: 'none' },
    });
    const answers: Answer[] = [];
    const sent: Promise<unknown>[] = [];
    const post = (id: string, token: string): void => {
      const call = app.call('POST', '/v1/messages', { json: mail(id), token });
      sent.push(call.then((answer) => answers.push(answer)));
    };
    {
      await using _held = await holdWriter(database);
      for (const id of ['one', 'two', 'three']) post(id, json.api_key);
      await eventually(() => answers.length === 1);
      post('four', ADMIN_TOKEN);
      post('five', ADMIN_TOKEN);
      post('six', ADMIN_TOKEN);
      await eventually(() => answers.length === 2);
    }
    await Promise.all(sent);
    expect(answers.map(({ status }) => status)).toEqual([429, 503, 202, 202, 202, 202]);
    expect([answers[0]?.json.code, answers[0]?.headers.get('retry-after')]).toEqual(['rate_limited', '2']);
  });
});

test('only a GET that waits needs no place', async () => {
  const waiting = defineMixin({
    id: 'waiting',
    contract: 1,
    setup: () => ({
      operations: [
        defineOperation({
          name: 'waiting.post',
          summary: 'Take a body, and wait',
          http: { method: 'POST', path: '/v1/waiting', mayWait: true },
          access: 'public',
          audit: false,
          input: v.object({}),
          output: v.literal('waited'),
          run: async (_services: object) => 'waited' as const,
        }),
      ],
    }),
  });
  await using app = await withAccount(await serveApp({}, { limits: { maxRequests: 1 } }, [waiting]));
  expect((await app.call('POST', '/v1/messages', { json: mail('m1') })).status).toBe(202);
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n` +
      'Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
  );
  await expect.poll(() => counted(app, 'gmp_requests_running')).toBe(1);
  const events = '/v1/events?tenant_id=default';
  expect((await app.call('GET', `${events}&wait=1`)).status).toBe(200);
  expect((await app.call('GET', `${events}&wait=0`)).status).toBe(503);
  expect((await app.call('POST', '/v1/waiting?wait=1', { json: {} })).status).toBe(503);
  socket.destroy();
});

test('bodies that come in slowly hold what has come of them, and no more than there is room for', async () => {
  await using app = await withAccount(await serveApp({}, { limits: { maxRequestsMb: 1 } }));
  const head =
    `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n` +
    'Content-Type: application/json\r\n';
  const piece = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;
  const port = Number(new URL(app.url).port);
  const sockets = Array.from({ length: 3 }, () => connect(port, '127.0.0.1'));
  const answers = sockets.map(
    (socket) =>
      new Promise<string>((resolve) => {
        socket.once('data', (data) => resolve(data.toString().slice(0, 12)));
        socket.once('error', () => resolve('cut'));
      }),
  );
  // Ten megabytes are announced, nothing of them comes: that keeps nobody out.
  sockets[0]?.write(`${head}Content-Length: 10000000\r\n\r\n`);
  sockets[1]?.write(`${head}Transfer-Encoding: chunked\r\n\r\n${piece(700_000)}`);
  await expect.poll(() => counted(app, 'gmp_requests_running')).toBe(2);
  expect((await app.call('POST', '/v1/messages', { json: mail('m1') })).status).toBe(202);
  sockets[2]?.write(`${head}Transfer-Encoding: chunked\r\n\r\n${piece(700_000)}`);
  // Whichever of the two is read last.
  expect(await Promise.race([answers[1], answers[2]])).toBe('HTTP/1.1 503');
  expect(await counted(app, REFUSED('bytes'))).toBe(1);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => counted(app, 'gmp_requests_running')).toBe(0);
});
