// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, spawnCountingSink } from '@mail-proxy/testkit';
import { createMailEngine, type MailEngine } from '../../packages/core/src/index.ts';
import { epochMs } from '../smoke/arrivals.ts';

/** One after the other, each once the one before has arrived and been settled. */
const MESSAGES = 200;

/** The first ones compile code and open connections. */
const WARM_UP = 40;

/** How long single messages were under way, in milliseconds. */
export interface Latency {
  /** Whether the instance that accepted a message also sent it. */
  readonly accepted_by: 'the instance that sends' | 'another instance';
  /** From the call until the answer, that is until the message was on disk. */
  readonly accept_p50_ms: number;
  /** From the answer until the last byte was at the relay. */
  readonly arrival_p50_ms: number;
  readonly arrival_p99_ms: number;
  readonly arrival_most_ms: number;
}

/** Measure two instances in one process: one sends, one accepts only. What a notice costs is the difference. */
export async function measureLatency(server: string): Promise<readonly Latency[]> {
  await using sink = await spawnCountingSink();
  const made = await createDatabase(server);
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => made.drop());
  const config = { database: made.url, encryptionKey: randomBytes(32).toString('base64') };
  const sending = cleanUp.use(await createMailEngine({ config, reportSink: async () => undefined }));
  const accepting = cleanUp.use(await createMailEngine({ config, reportSink: async () => undefined }));
  await sending.execute('accounts.create', { id: 'sink', host: sink.host, port: sink.port });
  await sending.start();

  const rows: Latency[] = [];
  for (const [accepted_by, engine] of [
    ['the instance that sends', sending],
    ['another instance', accepting],
  ] as const) {
    const accepts: number[] = [];
    const answeredAt = new Map<string, number>();
    for (let number = 0; number < WARM_UP + MESSAGES; number++) {
      const id = `${accepted_by.replaceAll(' ', '-')}-${number}`;
      const startAt = epochMs();
      await submit(engine, id);
      const at = epochMs();
      if (number >= WARM_UP) {
        accepts.push(at - startAt);
        answeredAt.set(id, at);
      }
      // Long enough for everything of it to end.
      await sleep(60);
    }
    const arrivals = (await sink.messages()).flatMap(({ mailId = '', receivedAt }) => {
      const at = answeredAt.get(mailId);
      return at === undefined ? [] : [receivedAt - at];
    });
    if (arrivals.length !== MESSAGES) throw new Error(`${arrivals.length} of ${MESSAGES} messages arrived`);
    rows.push({
      accepted_by,
      accept_p50_ms: quantile(accepts, 0.5),
      arrival_p50_ms: quantile(arrivals, 0.5),
      arrival_p99_ms: quantile(arrivals, 0.99),
      arrival_most_ms: quantile(arrivals, 1),
    });
  }
  return rows;
}

async function submit(engine: MailEngine, id: string): Promise<void> {
  const mail = { id, from: 'shop@example.com', to: ['customer@example.net'], subject: id, text: 'Thank you.' };
  const { accepted } = await engine.submit([mail]);
  if (accepted !== 1) throw new Error(`${id} was not accepted`);
}

/** The smallest value that no more than 1 - `share` of all exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return Math.round(value * 10) / 10;
}
