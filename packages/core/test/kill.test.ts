// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type CountedMessage, listenOnLoopback, startCountingSink, tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { seededRandom } from '../src/testing/index.ts';

const CHILD = fileURLToPath(new URL('./kill-child-main.ts', import.meta.url));
/** The long form: GMP_KILL_LIVES=50 GMP_STOP_LIVES=10 */
const KILLS = Number(process.env['GMP_KILL_LIVES'] ?? 8);
const STOPS = Number(process.env['GMP_STOP_LIVES'] ?? 3);
const MAX_SENDS = 10;
/** Of a file that some messages have, which is fetched in two parts with a pause between them. */
const FILE_BYTES = 20_000;
const FILE_PAUSE_MS = 5;

/** One life of the process under test. */
interface Life {
  readonly accepted: readonly string[];
  /** When the process was started: nothing of it arrives before, and nothing of the life before it arrives later. */
  readonly startedAt: number;
  readonly code: number | null;
}

async function live(args: readonly string[], signal: NodeJS.Signals | null, afterMs: number): Promise<Life> {
  const startedAt = Date.now();
  const child = spawn(process.execPath, ['--conditions=mail-proxy-source', CHILD, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const accepted: string[] = [];
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  createInterface(child.stdout).on('line', (line) => {
    const [word, ...ids] = line.split(' ');
    if (word === 'accepted') accepted.push(...ids);
    if (word === 'started' && signal !== null) {
      setTimeout(() => child.kill(signal), afterMs);
    }
  });
  const [code, ended] = (await closed) as [number | null, NodeJS.Signals | null];
  if (code !== 0 && ended !== 'SIGKILL') throw new Error(`the process exited with ${code}\n${errors}`);
  return { accepted, startedAt, code };
}

interface Files extends AsyncDisposable {
  readonly url: string;
  /** Paths of the files that were served whole, in order, each as often as it was. */
  readonly served: readonly string[];
}

async function serveFiles(): Promise<Files> {
  const served: string[] = [];
  const server = createServer((request, response) => {
    response.write(Buffer.alloc(FILE_BYTES / 2, request.url));
    setTimeout(() => response.end(Buffer.alloc(FILE_BYTES / 2, request.url)), FILE_PAUSE_MS);
    response.on('finish', () => served.push(request.url ?? ''));
  });
  const { port, close } = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}`, served, [Symbol.asyncDispose]: close };
}

function byId(messages: readonly CountedMessage[]): ReadonlyMap<string, readonly CountedMessage[]> {
  return Map.groupBy(messages, (message) => message.mailId ?? 'without an id');
}

test('kill -9 at any moment loses no accepted message and repeats at most those in flight', {
  timeout: 60_000 + KILLS * 12_000,
}, async () => {
  using dir = tempDir();
  const sink = await startCountingSink();
  await using files = await serveFiles();
  const seed = Date.now() % 100_000;
  const random = seededRandom(seed);
  const lives: Life[] = [];
  for (let life = 0; life < KILLS; life++) {
    lives.push(
      await live([dir.file('mail.db'), String(sink.port), files.url, String(life)], 'SIGKILL', 5 + random() * 400),
    );
  }
  await live([dir.file('mail.db'), String(sink.port), files.url, String(KILLS), 'drain'], null, 0);
  const received = byId(sink.messages);
  const fetched = new Set(files.served);
  await sink.stop();

  const accepted = lives.flatMap((life) => life.accepted);
  const lost = accepted.filter((id) => !received.has(id));
  const repeated = [...received.values()].filter((copies) => copies.length > 1);
  // A copy is repeated because its first one was in flight when the process died: at most as many a kill as are sent at once.
  const perKill = lives.map(({ startedAt }, index) => {
    const nextStartedAt = lives[index + 1]?.startedAt ?? Number.POSITIVE_INFINITY;
    return repeated.filter(([first]) => {
      const at = first?.receivedAt ?? 0;
      return at >= startedAt && at < nextStartedAt;
    }).length;
  });
  console.log(
    `kill test, seed ${seed}: ${KILLS} kills, ${accepted.length} accepted, ${received.size} delivered, ${lost.length} lost, ` +
      `${repeated.length} repeated (at most ${Math.max(...perKill)} a kill), ` +
      `${fetched.size} files fetched, ${files.served.length - fetched.size} of them again`,
  );
  expect(accepted.length).toBeGreaterThan(KILLS);
  expect(lost).toEqual([]);
  expect(Math.max(...perKill)).toBeLessThanOrEqual(MAX_SENDS);
  // As base64 a file is larger; whoever has one came with all of it, and without the other one, which a mixin took out.
  const withFile = accepted.filter((id) => fetched.has(`/${id}`));
  expect(withFile.length).toBeGreaterThan(KILLS);
  expect(
    withFile
      .flatMap((id) => received.get(id) ?? [])
      .filter(({ bytes }) => bytes < FILE_BYTES || bytes > 2 * FILE_BYTES),
  ).toEqual([]);
  for (const copies of repeated) {
    expect(new Set(copies.map((copy) => copy.messageId)).size).toBe(1);
  }
});

test('SIGTERM under load loses nothing and repeats nothing', { timeout: 120_000 }, async () => {
  using dir = tempDir();
  const sink = await startCountingSink();
  await using files = await serveFiles();
  const random = seededRandom(1);
  const accepted: string[] = [];
  for (let life = 0; life < STOPS; life++) {
    const ended = await live(
      [dir.file('mail.db'), String(sink.port), files.url, String(life)],
      'SIGTERM',
      50 + random() * 300,
    );
    expect(ended.code).toBe(0);
    accepted.push(...ended.accepted);
  }
  await live([dir.file('mail.db'), String(sink.port), files.url, String(STOPS), 'drain'], null, 0);
  const received = byId(sink.messages);
  await sink.stop();
  console.log(`stop test: ${STOPS} stops, ${accepted.length} accepted, ${received.size} delivered`);
  expect(accepted.filter((id) => !received.has(id))).toEqual([]);
  expect([...received.values()].filter((copies) => copies.length > 1)).toEqual([]);
});
