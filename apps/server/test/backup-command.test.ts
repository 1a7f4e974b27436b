// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import {
  type ServerProcess,
  type SmtpSink,
  spawnServer,
  startSmtpSink,
  type TempDir,
  tempDir,
} from '@mail-proxy/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './run-command.case.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const TOKEN = 'a-token-of-these-tests-only';
/** More than sockets hold, so that what is held back is held back. */
const MAILS = 40;
const TEXT = 'A line of text.\n'.repeat(2_000);

/** Passes the beginning of each answer on, and then nothing more until it is closed. */
interface HaltingProxy extends AsyncDisposable {
  readonly url: string;
  /** Resolves once an answer was halted. */
  readonly halted: Promise<void>;
  /** Cut what is open off. */
  cut(): void;
}

async function startHaltingProxy(target: string): Promise<HaltingProxy> {
  const halted = Promise.withResolvers<void>();
  const server: Server = createServer((incoming, answer) => {
    const { method, headers } = incoming;
    const options = { ...(method === undefined ? {} : { method }), headers };
    const onward = request(`${target}${incoming.url}`, options, (upstream) => {
      answer.writeHead(upstream.statusCode ?? 500, upstream.headers);
      upstream.once('data', (begin: Buffer) => {
        upstream.pause();
        answer.write(begin);
        halted.resolve();
      });
      // A server that dies is what this is for.
      upstream.on('error', () => answer.destroy());
    });
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    halted: halted.promise,
    cut: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

let dir: TempDir;
let sink: SmtpSink;
let server: ServerProcess;
const env = (): Record<string, string> => ({
  GMP_URL: server.url,
  GMP_API_TOKEN: TOKEN,
  GMP_DATA_DIR: dir.file('data'),
});
const start = (): Promise<ServerProcess> =>
  spawnServer({
    env: {
      GMP_DATA_DIR: dir.file('data'),
      GMP_PORT: '0',
      GMP_API_TOKEN: TOKEN,
      GMP_EDITION: 'community',
      GMP_LOG_LEVEL: 'warn',
    },
  });

async function json(...args: readonly string[]): Promise<Record<string, never>> {
  const { code, stdout, stderr } = await run([...args, '--json'], env());
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

function spawnBackup(url: string, file: string): { child: ChildProcess; ended: Promise<unknown[]> } {
  const child = spawn(process.execPath, ['--conditions=mail-proxy-source', MAIN, 'backup', file, '--url', url], {
    env: { PATH: process.env['PATH'], GMP_API_TOKEN: TOKEN },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { child, ended: once(child, 'close') };
}

beforeAll(async () => {
  dir = tempDir();
  sink = await startSmtpSink();
  server = await start();
  const account = ['--id', 'main', '--host', sink.host, '--port', String(sink.port), '--tls', 'none'];
  await json('accounts', 'create', ...account, '--user', 'u', '--password', 'p');
  await json('accounts', 'update', 'main', '--clear', 'user', 'password');
  const { paused } = await json('instance', 'pause');
  expect(paused).toBe(true);
  const messages = Array.from({ length: MAILS }, (_, at) => ({
    ...{ id: `m${at}`, from: 'a@example.com', to: `m${at}@example.org`, subject: 'Hi', text: TEXT },
  }));
  const data = JSON.stringify({ messages });
  await json('messages', 'create-batch', '--data', data);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await sink.close();
  dir[Symbol.dispose]();
});

test('a backup that is killed, or whose server dies, leaves no file that looks like one', async () => {
  const file = dir.file('half.db');
  {
    await using proxy = await startHaltingProxy(server.url);
    const { child, ended } = spawnBackup(proxy.url, file);
    await proxy.halted;
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(existsSync(file)).toBe(false);
  }
  await using proxy = await startHaltingProxy(server.url);
  const { child, ended } = spawnBackup(proxy.url, file);
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  await proxy.halted;
  server.kill('SIGKILL');
  await server.exited;
  proxy.cut();
  expect(await ended).toEqual([69, null]);
  expect(stderr).toMatch(/does not answer.*No backup was made/s);
  expect(readdirSync(dir.path).filter((name) => name.startsWith('half.db'))).toEqual([]);
  server = await start();
}, 120_000);

test('what was backed up is restored paused, tells what may be sent again, and sends it only when it is told to', async () => {
  const file = dir.file('backup.db');
  const made = await json('backup', file, '--with-keys');
  expect(made).toMatchObject({ file, messages: MAILS, waiting: MAILS, key_file: `${file}.key` });
  expect([file, `${file}.key`].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
  const again = await run(['backup', file], env());
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('--force')]);
  const forced = await run(['backup', file, '--force'], env());
  expect(forced).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/read through and is whole.*key is not in it/s),
  });

  // All of it is sent after the backup, and more; then the server is killed and its folder is lost.
  await json('instance', 'resume');
  await sink.waitFor(MAILS);
  const running = await run(['restore', file, '--force'], env());
  expect([running.code, running.stderr]).toEqual([69, expect.stringMatching(/database_locked.*Stop the server/s)]);
  server.kill('SIGKILL');
  await server.exited;

  const refused = await run(['restore', file], env());
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('--force')]);
  const shown = await run(['restore', file, '--force'], env());
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/kept as .*before-restore.*Sending is paused.*40 messages waited then.*and 30 more/s);
  expect(shown.stdout).toMatch(/since_then.*mail-proxy messages cancel .*mail-proxy instance resume/s);
  const restored = await json('restore', file, '--force');
  expect(restored).toMatchObject({
    paused: true,
    may_be_sent_again: { count: MAILS, has_more: false, by_state: { ready: MAILS } },
  });

  server = await start();
  expect(await json('instance', 'get')).toMatchObject({ paused: true, waiting: MAILS });
  const filter = JSON.stringify({ ids: Array.from({ length: MAILS - 1 }, (_, at) => `m${at}`) });
  expect(await json('messages', 'bulk', '--action', 'cancel', '--filter', filter)).toMatchObject({
    changed: MAILS - 1,
  });
  await json('instance', 'resume');
  await sink.waitFor(MAILS + 1);
  const repeated = sink.messages.slice(MAILS);
  expect(repeated.map(({ to }) => to)).toEqual([[`m${MAILS - 1}@example.org`]]);
  const first = sink.messages.find(({ to }) => to.includes(`m${MAILS - 1}@example.org`));
  expect(repeated[0]?.messageId).toBe(first?.messageId);
}, 120_000);

test('on a machine without the keys of the server there is no --with-keys', async () => {
  const elsewhere = { ...env(), GMP_DATA_DIR: dir.file('elsewhere') };
  const result = await run(['backup', dir.file('other.db'), '--with-keys'], elsewhere);
  expect([result.code, result.stderr]).toEqual([1, expect.stringContaining('no encryption key here')]);
  expect(existsSync(dir.file('other.db'))).toBe(false);
});
