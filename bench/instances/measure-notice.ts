// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, spawnCountingSink } from '@mail-proxy/testkit';
import { createMailEngine, type MailEngine } from '../../packages/core/src/index.ts';
import { epochMs } from '../load/epoch.ts';
import { quantile } from '../measures/quantile.ts';
import type { Row } from '../results/row.ts';

/** The first ones compile code and open connections. */
const WARM_UP = 40;

/** Who accepts, and whether it also sends. */
export type Acceptor = 'the instance that sends' | 'another instance';

/**
 * Measure two instances in one process, at rest: one sends, one accepts only. Single messages, each once the one before
 * was settled; from the answer, that is from the commit, to the last byte at the relay.
 */
export async function measureNotice(server: string, acceptor: Acceptor, count: number): Promise<Row> {
  await using sink = await spawnCountingSink();
  await using cleanUp = new AsyncDisposableStack();
  const made = cleanUp.use(await createDatabase(server));
  const config = { database: made.url, encryptionKey: randomBytes(32).toString('base64') };
  const sending = cleanUp.use(await createMailEngine({ config, reportSink: async () => undefined }));
  const accepting = cleanUp.use(await createMailEngine({ config, reportSink: async () => undefined }));
  await sending.execute('accounts.create', { id: 'sink', host: sink.host, port: sink.port });
  await sending.start();

  const engine = acceptor === 'another instance' ? accepting : sending;
  const accepts: number[] = [];
  const answeredAt = new Map<string, number>();
  for (let number = 1 - WARM_UP; number <= count; number++) {
    const id = number < 1 ? `warm-up-${number + WARM_UP}` : `mail-${number}`;
    const startAt = epochMs();
    await submit(engine, id);
    const at = epochMs();
    if (number >= 1) {
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
  const { missing, duplicates } = await sink.tally('mail', count);
  return {
    row: `accepted by ${acceptor}`,
    messages: count,
    missing,
    duplicates,
    figures: {
      p50_ms: quantile(arrivals, 0.5),
      p99_ms: quantile(arrivals, 0.99),
      most_ms: quantile(arrivals, 1),
      accept_p50_ms: quantile(accepts, 0.5),
    },
  };
}

async function submit(engine: MailEngine, id: string): Promise<void> {
  const mail = { id, from: 'shop@example.com', to: ['customer@example.net'], subject: id, text: 'Thank you.' };
  const { accepted } = await engine.submit([mail]);
  if (accepted !== 1) throw new Error(`${id} was not accepted`);
}
