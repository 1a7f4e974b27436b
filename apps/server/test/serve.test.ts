// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { VirtualClock } from '@mail-proxy/core/testing';
import { eventually, spawnServer, startScriptedPeer, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { readServerConfig } from '../src/env/read-config.ts';
import { findMixins } from '../src/mixins.ts';
import { serve } from '../src/serve.ts';
import { startServer } from '../src/start-server.ts';

const community = (dataDir: string, more: Readonly<Record<string, string>> = {}) => ({
  GMP_PORT: '0',
  GMP_DATA_DIR: dataDir,
  GMP_EDITION: 'community',
  ...more,
});

/** A server whose database takes a second to answer is not ready, and a busy machine may have one. */
const statusOf = async (url: string) => (await fetch(url)).status;

describe('a server', () => {
  test('serves metrics alone on an address of their own', async () => {
    using dir = tempDir();
    await using server = await startServer(
      readServerConfig(community(dir.path, { GMP_METRICS_LISTEN: '127.0.0.1:0', GMP_METRICS_TOKEN: 'm'.repeat(16) })),
    );
    expect((await fetch(`${server.metricsUrl}/metrics`)).status).toBe(200);
    expect((await fetch(`${server.metricsUrl}/livez`)).status).toBe(200);
    expect((await fetch(`${server.metricsUrl}/v1/instance`)).status).toBe(404);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(200);
  });

  test('closes a connection at once that is more than it may have, and serves the others', async () => {
    using dir = tempDir();
    await using server = await startServer(readServerConfig(community(dir.path, { GMP_MAX_CLIENT_CONNECTIONS: '2' })));
    const port = Number(new URL(server.url).port);
    const open = async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    };
    const idle = await open();
    expect(await statusOf(`${server.url}/livez`)).toBe(200);
    // That request's connection is kept open, and is the second.
    const third = await open();
    await once(third, 'close');
    idle.destroy();
    expect(await statusOf(`${server.url}/livez`)).toBe(200);
  });

  test('that cannot have its port leaves nothing open', async () => {
    using dir = tempDir();
    using other = tempDir();
    await using server = await startServer(readServerConfig(community(dir.path)));
    const { port } = new URL(server.url);
    const taken = readServerConfig(community(other.path, { GMP_PORT: port }));
    await expect(startServer(taken)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    // The database is free again.
    await using again = await startServer({ ...taken, port: 0 });
    await expect.poll(() => statusOf(`${again.url}/readyz`)).toBe(200);
  });

  test('that drains goes on serving without being ready, and ends kept connections', async () => {
    using dir = tempDir();
    const clock = new VirtualClock();
    const config = readServerConfig(community(dir.path, { GMP_DRAIN_MS: '4000' }));
    await using server = await startServer(config, { clock });
    await expect.poll(() => statusOf(`${server.url}/readyz`)).toBe(200);
    const stopped = server.stop();
    const ready = await fetch(`${server.url}/readyz`);
    expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
    expect((await fetch(`${server.url}/v1/instance`)).status).toBe(401);
    await clock.advance(4_000);
    await stopped;
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow('fetch failed');
  });

  test('goes on when nobody reads its log any more, and stops when it is told to', async () => {
    using dir = tempDir();
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=mail-proxy-source', main, 'serve'], {
      env: { ...process.env, ...community(dir.path, { GMP_LOG_LEVEL: 'debug' }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    using _child = { [Symbol.dispose]: () => void child.kill('SIGKILL') };
    const ended = once(child, 'exit');
    let output = '';
    const url = await new Promise<string>((resolve) => {
      child.stdout.on('data', (text: Buffer) => {
        output += text.toString();
        const found = /listening on (\S+)/.exec(output)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    child.stdout.destroy();
    child.stderr.destroy();
    // Each request is a line of the log that cannot be written.
    for (let requests = 0; requests < 3; requests++) expect(await statusOf(`${url}/livez`)).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  test('goes on when a promise failed that nobody waited for, and stops with 70 when something was thrown', async () => {
    using dir = tempDir();
    const listeners = new Map<string, (reason: unknown) => void>();
    const output: string[] = [];
    const stream = { write: (text: string) => void output.push(text) };
    const ended = serve({
      env: community(dir.path),
      ...{ stdout: stream, stderr: stream, exit: () => undefined },
      on: (event, listener) => void listeners.set(event, listener),
    });
    const url = await eventually(() => /listening on (\S+)/.exec(output.join(''))?.[1] ?? false);
    listeners.get('unhandledRejection')?.(new Error('of one tenant'));
    await eventually(async () => (await statusOf(`${url}/readyz`)) === 200);
    expect(output.join('')).toMatch(/nobody waited for what failed here.*of one tenant/);
    listeners.get('uncaughtException')?.(new Error('of nobody knows what'));
    expect(await ended).toBe(70);
    await expect(fetch(`${url}/livez`)).rejects.toThrow('fetch failed');
  });

  test('stops once, however often it is told to', async () => {
    using dir = tempDir();
    const server = await startServer(readServerConfig(community(dir.path)));
    await Promise.all([server.stop(), server.stop()]);
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow('fetch failed');
  });
});

describe('the process', () => {
  test('shows the token it made, logs JSON lines to stderr and ends with 0 on SIGTERM', async () => {
    using dir = tempDir();
    await using server = await spawnServer({ env: community(dir.path) });
    const token = readFileSync(dir.file('token'), 'utf8').trim();
    expect(server.stdout()).toContain(token);
    expect(server.stdout()).toContain('community edition, mixins: none');
    const headers = { authorization: `Bearer ${token}` };
    const instance = await (await fetch(`${server.url}/v1/instance`, { headers })).json();
    expect(instance).toMatchObject({ edition: 'community', mixins: [] });
    const level = `${server.url}/v1/instance/log-level`;
    const toWarn = {
      method: 'PATCH',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ level: 'warn' }),
    };
    expect(await (await fetch(level, toWarn)).json()).toEqual({ level: 'warn', configured: 'info' });
    server.kill('SIGUSR2');
    await eventually(async () => {
      expect(await (await fetch(level, { headers })).json()).toEqual({ level: 'debug', configured: 'info' });
    });
    server.kill('SIGTERM');
    expect(await server.exited).toEqual({ code: 0, signal: null });
    const lines = server.stderr().trim().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'starting', edition: 'community', mixins: [] });
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(
      expect.arrayContaining(['the level of the log was changed', 'stopped']),
    );
    expect(server.stderr()).not.toContain(token);
  });

  test('names its edition and mixins in its first line, and where it is asked', async (context) => {
    const { mixins } = await findMixins('auto');
    if (mixins.length === 0) context.skip('the enterprise package is not installed');
    const ids = mixins.map(({ id }) => id);
    using dir = tempDir();
    const env = { ...community(dir.path), GMP_EDITION: 'enterprise', GMP_API_TOKEN: 'a-token-for-this-test' };
    await using server = await spawnServer({ env });
    const headers = { authorization: 'Bearer a-token-for-this-test' };
    const instance = await (await fetch(`${server.url}/v1/instance`, { headers })).json();
    expect(instance).toMatchObject({ edition: 'enterprise', mixins: ids });
    const [first = ''] = server.stderr().split('\n');
    expect(JSON.parse(first)).toMatchObject({ msg: 'starting', edition: 'enterprise', mixins: ids });
  });

  test('hands settings to mixins, which say what is wrong with them', async (context) => {
    const { mixins } = await findMixins('auto');
    if (mixins.length === 0) context.skip('the enterprise package is not installed');
    using dir = tempDir();
    writeFileSync(dir.file('anchors.pem'), 'no certificate');
    const { GMP_EDITION: _, ...env } = { ...community(dir.path), GMP_PEC_TRUST_ANCHORS_FILE: dir.file('anchors.pem') };
    await expect(startServer(readServerConfig(env))).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('pec: trustAnchors'),
    });
  });

  test('ends at once on a second signal while a send is still running', async () => {
    using dir = tempDir();
    // A relay that greets, and then waits for more than it will get.
    await using relay = await startScriptedPeer(async (client) => {
      await client.send('220 relay.test ESMTP\r\n');
      await client.expect(/^EHLO /);
      await client.line();
    });
    await using server = await spawnServer({ env: community(dir.path, { GMP_API_TOKEN: 'a-token-for-this-test' }) });
    const headers = { authorization: 'Bearer a-token-for-this-test', 'content-type': 'application/json' };
    const post = (path: string, body: object) =>
      fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    await post('/v1/accounts', { id: 'main', host: '127.0.0.1', port: relay.port, tls: 'none' });
    await post('/v1/messages', { from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'Hi' });
    await eventually(() => relay.connections > 0);
    server.kill('SIGTERM');
    await eventually(() => server.stderr().includes('asked to stop'));
    server.kill('SIGTERM');
    expect(await server.exited).toEqual({ code: 1, signal: null });
  });

  test('says in words that its port is taken and ends with 69', async () => {
    using dir = tempDir();
    using other = tempDir();
    await using server = await startServer(readServerConfig(community(dir.path)));
    const env = community(other.path, { GMP_PORT: new URL(server.url).port });
    await expect(spawnServer({ env })).rejects.toThrow(/\(69\).*cannot listen.*GMP_PORT/s);
  });

  test('says in words that its database is in use and ends with 69', async () => {
    using dir = tempDir();
    await using _server = await startServer(readServerConfig(community(dir.path)));
    await expect(spawnServer({ env: community(dir.path) })).rejects.toThrow(/\(69\).*database_locked/s);
  });
});
