// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ReceivedReport, startReportReceiver, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/testing/index.ts';

const CHILD = fileURLToPath(new URL('./report-kill-child-main.ts', import.meta.url));
/** The long form: GMP_REPORT_KILL_LIVES=40 */
const KILLS = Number(process.env['GMP_REPORT_KILL_LIVES'] ?? 3);
/** For a process to start and to be in the middle of its calls. */
const PATIENCE = { timeoutMs: 90_000 };

/** Run the process; kill it so many calls of the endpoint after it has started. Gives the lines that it told. */
async function live(args: readonly string[], whenToKill: Promise<unknown> | null): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--conditions=mail-proxy-source', CHILD, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const lines: string[] = [];
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  if (whenToKill !== null) {
    try {
      await Promise.race([whenToKill, closed]);
    } finally {
      child.kill('SIGKILL');
    }
  }
  const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the process exited with ${code}\n${errors}`);
  return lines;
}

const wordsAfter = (word: string, lines: readonly string[]): readonly (readonly string[])[] =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.split(' ').slice(1));

test('kill -9 with reports under way loses no event, and each keeps its id and its number', {
  timeout: 120_000 + KILLS * 90_000,
}, async () => {
  using dir = tempDir();
  const random = seededRandom(Date.now() % 100_000);
  const taken: ReceivedReport[] = [];
  // What the answers bring: each is given again until its report came.
  const given: string[] = [];
  const outbox = new Set<string>();
  let isDraining = false;
  await using relay = await startSmtpSink();
  await using endpoint = await startReportReceiver({
    answer(_, __, { reports }) {
      const chance = random();
      if (chance < 0.15) return { status: 500 };
      if (chance < 0.2) return { destroy: true };
      taken.push(...reports);
      for (const { id, sent_ts } of reports) if (sent_ts !== undefined) outbox.delete(String(id));
      if (!isDraining && outbox.size < 5) {
        given.push(`answer-${given.length}`);
        outbox.add(given.at(-1) ?? '');
      }
      const messages = [...outbox].map((id) => ({
        id,
        from: 'a@example.com',
        to: ['b@example.org'],
        subject: id,
        text: 'x',
      }));
      // Taken, and the process may be dead before it hears so.
      return { delayMs: chance < 0.6 ? 30 : 0, json: { ok: true, messages } };
    },
  });
  const args = [dir.file('mail.db'), String(relay.port), endpoint.url];
  const accepted: string[] = [];
  for (let life = 0; life < KILLS; life++) {
    // In the middle of a call, whichever that is.
    const atCall = endpoint.requests.length + 2 + Math.floor(random() * 12);
    const lines = await live([...args, String(life)], endpoint.waitForRequests(atCall, PATIENCE));
    accepted.push(...wordsAfter('accepted', lines).flat());
  }
  isDraining = true;
  const lines = await live([...args, String(KILLS), 'drain'], null);
  const events = wordsAfter('event', lines);

  const told = new Map<string, Set<string>>();
  for (const { event_id, seq } of taken) {
    told.set(String(event_id), (told.get(String(event_id)) ?? new Set()).add(String(seq)));
  }
  const repeated = taken.length - told.size;
  console.log(
    `kills amid reports: ${KILLS} kills, ${accepted.length} messages and ${given.length} in answers, ${events.length} events, ` +
      `${endpoint.requests.length} calls, ${repeated} events told again`,
  );
  expect(accepted.length).toBeGreaterThan(KILLS);
  const sent = new Set(taken.filter((report) => report['sent_ts'] !== undefined).map((report) => report['id']));
  expect(accepted.filter((id) => !sent.has(id))).toEqual([]);
  expect(given.filter((id) => !sent.has(id))).toEqual([]);
  const doubles = Map.groupBy(relay.messages, ({ raw }) => /^Subject: (.*)\r$/m.exec(raw.toString())?.[1]);
  for (const id of given) expect(new Set(doubles.get(id)?.map(({ messageId }) => messageId)).size).toBe(1);
  expect(events.filter(([id = '']) => !told.has(id))).toEqual([]);
  const numbers = new Map(events.map(([id = '', seq = '']) => [id, seq]));
  for (const [id, seqs] of told) expect([...seqs]).toEqual([numbers.get(id)]);
  // Those of each message in their order, the first time that each is taken.
  for (const [message, own] of Map.groupBy(events, ([, , id]) => id)) {
    const firsts = [...new Set(taken.filter((report) => report['id'] === message).map((report) => report['event_id']))];
    expect(firsts).toEqual(own.map(([id]) => id));
  }
});
