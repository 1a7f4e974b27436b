// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import pg from 'pg';
import type { Clock } from '../../clock.ts';
import type { PostgresPool } from '../../config/postgres-pool.ts';
import type { PeerChannel, PeerListener } from '../peer-channel.ts';

export interface PeerChannelOptions {
  /** Name of the channel, for LISTEN. */
  readonly name: string;
  /** Lends the connection that listens, for as long as it does. */
  readonly pool: PostgresPool;
  /** Run one command on a connection of its own choice. */
  readonly run: (command: string) => Promise<void>;
}

/** One try to listen. */
interface Attempt {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** NOTIFY takes less than 8000 bytes in a default build (PostgreSQL, NOTIFY, "Notes"). */
const MAX_BYTES = 7_900;
/**
 * How often the listener calls out to itself. A connection that was cut without a word, or one behind a pooler that gives
 * each transaction another server connection, hears nothing of it.
 */
const ECHO_EVERY_MS = 10_000;
const ECHO_PATIENCE_MS = 5_000;
/** Between two tries to listen: at first, and doubled up to the last. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

const ECHO = 'echo:';

/** Of all instances of one schema. Names are cut at 63 bytes, so that of a schema is not part of it as it is. */
export function channelOf(schema: string | null): string {
  if (schema === null) return 'mail_proxy';
  return `mail_proxy_${createHash('sha256').update(schema).digest('hex').slice(0, 16)}`;
}

/** LISTEN and NOTIFY. */
export class PostgresPeerChannel implements PeerChannel {
  readonly maxBytes = MAX_BYTES;
  readonly #options: PeerChannelOptions;

  constructor(options: PeerChannelOptions) {
    this.#options = options;
  }

  async send(text: string): Promise<void> {
    const { run, name } = this.#options;
    await run(`select pg_notify(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(text)})`);
  }

  async listen(listener: PeerListener, attempt: Attempt): Promise<void> {
    const { clock, signal } = attempt;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const heard = await this.#listenOnce(listener, attempt);
      retryMs = heard ? FIRST_RETRY_MS : Math.min(retryMs * 2, LAST_RETRY_MS);
      await clock.sleep(retryMs, signal);
    }
  }

  /** @returns whether the channel worked, until it broke */
  async #listenOnce(listener: PeerListener, { clock, signal }: Attempt): Promise<boolean> {
    const { pool, name } = this.#options;
    const ended = new AbortController();
    const end = (): void => ended.abort();
    const until = AbortSignal.any([signal, ended.signal]);
    let heard = false;
    let release = (): void => undefined;
    try {
      const client = await pool.connect();
      const echoes = new Echoes();
      const onText = ({ payload = '' }: { readonly payload?: string | undefined }): void => {
        if (payload.startsWith(ECHO)) echoes.heard(payload);
        else listener.onText(payload);
      };
      client.on('error', end);
      client.on('end', end);
      client.on('notification', onText);
      release = () => {
        // It goes on listening for as long as it lives, so nobody else can use it.
        client.release(true);
        client.connection?.stream.destroy();
        client.removeListener('notification', onText);
        client.removeListener('end', end);
      };
      await client.query({ text: `listen ${pg.escapeIdentifier(name)}` });
      while (await this.#hearsItself(echoes, { clock, signal: until })) {
        if (!heard) listener.onConnected();
        heard = true;
        await clock.sleep(ECHO_EVERY_MS, until);
      }
    } catch {
      // The server is away; the next try tells when it is back.
    } finally {
      if (heard) listener.onDisconnected();
      release();
    }
    return heard;
  }

  async #hearsItself(echoes: Echoes, { clock, signal: until }: Attempt): Promise<boolean> {
    if (until.aborted) return false;
    const text = `${ECHO}${randomUUID()}`;
    const patience = new AbortController();
    using _timer = clock.after(ECHO_PATIENCE_MS, () => patience.abort());
    const given = AbortSignal.any([until, patience.signal]);
    const heard = echoes.wait(text, given);
    await Promise.race([this.send(text), once(given, 'abort')]);
    // Not the promise: the patience would end with the call, and the wait for a lost echo never.
    return await heard;
  }
}

/** Texts that the listener waits for. */
class Echoes {
  readonly #waiting = new Map<string, () => void>();

  heard(text: string): void {
    this.#waiting.get(text)?.();
  }

  /** False when `signal` aborts first. */
  wait(text: string, signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.set(text, () => resolve(true));
    signal.addEventListener('abort', () => resolve(false), { once: true });
    return promise.finally(() => this.#waiting.delete(text));
  }
}
