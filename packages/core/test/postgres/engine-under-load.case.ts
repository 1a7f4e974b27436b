// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine, isMailProxyError, type MailEngine, type MailEngineOptions } from '@mail-proxy/core';
import { type CountingSink, eventually, startCountingSink } from '@mail-proxy/testkit';
import { query } from './proxied-store.case.ts';

/** Messages that are under way to the engine at one time. */
const WRITERS = 4;
/** What is refused is offered again, with the same id, after this. */
const PAUSE_MS = 20;

export interface EngineUnderLoad extends AsyncDisposable {
  readonly engine: MailEngine;
  readonly sink: CountingSink;
  /** Ids that were accepted, the engine said so. */
  readonly accepted: ReadonlySet<string>;
  /** How often a message was refused for now. */
  readonly refused: number;
  readonly logged: readonly string[];
  /** Offer one message once. */
  offer(id: string): Promise<void>;
  /** Resolves once so many more messages were accepted. */
  untilAccepted(more: number): Promise<void>;
  /** Resolves once a message is refused. */
  untilRefused(): Promise<void>;
  /** Stop offering, wait until nothing is pending, and tell what became of all. */
  finish(): Promise<Reckoning>;
}

export interface Reckoning {
  /** Accepted and not at the sink. */
  readonly lost: readonly string[];
  /** At the sink more than once. */
  readonly repeated: readonly string[];
  /** Rows of the database, by state and result. */
  readonly states: Readonly<Record<string, number>>;
  /** What a person would have to look at. */
  readonly complaints: readonly string[];
}

/** An engine that is offered messages without end, by clients that repeat what is refused. */
export async function startUnderLoad(
  config: MailEngineOptions['config'],
  { directUrl }: { readonly directUrl: string },
): Promise<EngineUnderLoad> {
  const sink = await startCountingSink();
  const logged: string[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    logged.push(
      `${level} ${message} ${JSON.stringify(fields, (_, value) => (value instanceof Error ? value.stack : value))}`,
    );
  };
  const engine = await createMailEngine({
    config: { encryptionKey: Buffer.alloc(32, 7).toString('base64'), ...config },
    log: { debug: () => undefined, info: () => undefined, warn: write('warn'), error: write('error') },
  });
  await engine.start();
  await engine.execute('accounts.create', { id: 'main', host: '127.0.0.1', port: sink.port, tls: 'none' });

  const accepted = new Set<string>();
  let refused = 0;
  let made = 0;
  let isOver = false;
  let isGivenUp = false;
  async function offer(id: string): Promise<void> {
    const { results } = await engine.submit([
      { id, from: 'us@example.com', to: ['them@example.org'], subject: id, text: id },
    ]);
    const [result] = results;
    // Taken before, where the answer was that this cannot be told.
    if (result?.status === 'accepted' || result?.code === 'duplicate_id') accepted.add(id);
    else throw new Error(`refused for good: ${JSON.stringify(result)}`);
  }
  async function offerAll(): Promise<void> {
    while (!isOver) {
      const id = `m${++made}`;
      while (!accepted.has(id) && !isGivenUp) {
        try {
          await offer(id);
        } catch (error) {
          if (!isMailProxyError(error, 'database_unavailable')) throw error;
          refused += 1;
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        }
      }
    }
  }
  const offering = Promise.all(Array.from({ length: WRITERS }, offerAll));
  const until = async (isThere: () => boolean): Promise<void> => {
    const reached = eventually(() => isThere() || Promise.reject(new Error('not yet')), { timeoutMs: 60_000 });
    await Promise.race([reached, offering.then(() => reached)]);
  };

  return {
    engine,
    sink,
    accepted,
    get refused() {
      return refused;
    },
    logged,
    offer,
    untilAccepted(more) {
      const goal = accepted.size + more;
      return until(() => accepted.size >= goal);
    },
    untilRefused() {
      const before = refused;
      return until(() => refused > before);
    },
    async finish() {
      isOver = true;
      await offering;
      const states = await eventually(
        async () => {
          const rows = await query(directUrl, 'select state, result, count(*)::int from messages group by 1, 2');
          const counts = Object.fromEntries(
            rows.map(({ state, result, count }) => [`${state} ${result}`, Number(count)]),
          );
          if (Object.keys(counts).some((key) => !key.startsWith('final'))) throw new Error(JSON.stringify(counts));
          return counts;
        },
        { timeoutMs: 80_000, intervalMs: 100 },
      );
      const copies = Map.groupBy(sink.messages, ({ mailId }) => mailId ?? '');
      return {
        lost: [...accepted].filter((id) => !copies.has(id)),
        repeated: [...copies].filter(([, all]) => all.length > 1).map(([id]) => id),
        states,
        complaints: logged.filter((line) => /by a bug|was not written|could not be written|goes on/.test(line)),
      };
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      isGivenUp = true;
      await offering.catch(() => undefined);
      await engine.stop({ deadlineMs: 1 });
      await engine[Symbol.asyncDispose]();
      await sink.stop();
    },
  };
}
