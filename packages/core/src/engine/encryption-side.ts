// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { prepareColumnQueries } from '../entities/encryption-key/column-queries.ts';
import type { EncryptionServices } from '../entities/encryption-key/encryption-key.operations.ts';
import type { EncryptionKeyStore, KeyHolder } from '../entities/encryption-key/encryption-key.store.ts';
import { type QueriedColumn, Rotation, type RotationProgress } from '../entities/encryption-key/rotation.ts';
import type { KeyCounts } from '../entities/encryption-key/sealed-queries.ts';
import { MailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import { KeyRing } from '../secrets/key-ring.ts';
import { type KeySource, readKeySource } from '../secrets/key-source.ts';
import type { SealedColumn } from '../secrets/sealed-columns.ts';
import type { Sealer } from '../secrets/sealer.ts';

export interface EncryptionSideParts {
  readonly database: Database<unknown>;
  readonly columns: readonly SealedColumn[];
  readonly ring: KeyRing;
  /** Null where the keys are what they are. */
  readonly source: KeySource | null;
  readonly sealer: Sealer;
  readonly keys: EncryptionKeyStore;
  /** There are other keys now: what is remembered may be sealed with one that is gone. */
  readonly onReplaced: () => void;
  /** A session without a heartbeat for this long is dead. */
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** A source may be slow or away, and what is sealed with an unknown key may be met again and again, milliseconds. */
const RELOAD_PAUSE_MS = 5_000;
/** How long other instances have to read their keys anew, and how often it is looked, milliseconds. */
const PEERS_WITHIN_MS = 3_000;
const PEERS_POLL_MS = 250;

/** The keys of a running engine: reads them anew, tells which there are, and seals everything with the newest one. */
export class EncryptionSide {
  readonly #parts: EncryptionSideParts;
  readonly #columns: readonly QueriedColumn[];
  readonly #rotation: Rotation;
  readonly #stopped = new AbortController();
  #reloading: Promise<boolean> | null = null;
  #mayReloadAt = 0;
  /** Told when the others have to read their keys anew. */
  tellPeers: () => void = () => undefined;
  /** The session to which the keys belong; 0 while there is none. */
  session: () => number = () => 0;

  constructor(parts: EncryptionSideParts) {
    const { database, columns } = parts;
    this.#parts = parts;
    this.#columns = columns.map((column) => ({ column, queries: prepareColumnQueries(database, column) }));
    this.#rotation = new Rotation({ ...parts, columns: this.#columns });
    // Whoever asked tries again by its own rules, and finds the key then.
    parts.ring.onMissing = () => void this.reloadSoon();
  }

  /** For the operations. */
  get services(): EncryptionServices['encryption'] {
    const { ring } = this.#parts;
    const rotation = this.#rotation;
    return {
      get keyIds() {
        return ring.ids;
      },
      get rotation() {
        return rotation.progress;
      },
      counts: () => this.#counts(),
      holders: () => this.#holders(),
      rotate: () => this.#rotate(),
    };
  }

  /**
   * Read the keys anew, since one was met that is not at hand; not more often than every few seconds. Never fails.
   *
   * @returns whether there are others now
   */
  async reloadSoon(): Promise<boolean> {
    const { clock, log } = this.#parts;
    if (this.#reloading === null && clock.monotonic() < this.#mayReloadAt) return false;
    this.#mayReloadAt = clock.monotonic() + RELOAD_PAUSE_MS;
    try {
      return await this.reload();
    } catch (error) {
      log.error({ err: error }, 'the encryption keys could not be read anew; those at hand stay');
      return false;
    }
  }

  /**
   * Take the keys that the source has now. A key that is gone from there and that still seals something stays.
   *
   * @returns whether there are others now
   * @throws {MailProxyError} `invalid_config` when they cannot be read
   */
  reload(): Promise<boolean> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = null;
    });
    return this.#reloading;
  }

  /** End a rotation; what it has not done is done by the next one. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#rotation.ended();
  }

  async #reload(): Promise<boolean> {
    const { source, ring, keys, onReplaced, clock, log } = this.#parts;
    const found = source === null ? null : await readKeySource(source);
    if (found === null) return false;
    const before = ring.ids;
    const draft = new KeyRing(found);
    const missing = (await keys.used()).filter((id) => draft.find(id) === undefined && ring.find(id) !== undefined);
    const kept = missing.flatMap((id) => ring.find(id) ?? []);
    // On disk before anything is sealed with it, so that no start without this key goes unnoticed.
    if (draft.sealingId !== ring.sealingId) await keys.use(draft.sealingId, clock.now());
    ring.replace([...found, ...kept]);
    onReplaced();
    if (before.join() === ring.ids.join()) return false;
    log.info({ keyIds: ring.ids }, 'the encryption keys were read anew');
    if (missing.length > 0) {
      log.warn({ keyIds: missing }, 'keys were taken away that still seal something; rotate the keys first');
    }
    if (this.session() !== 0) await keys.tell(this.session(), ring.ids);
    return true;
  }

  async #rotate(): Promise<RotationProgress> {
    await this.reload();
    this.tellPeers();
    await this.#untilPeersSeal(this.#parts.ring.sealingId);
    this.#rotation.start(this.#stopped.signal);
    return this.#rotation.progress;
  }

  /** What an instance seals with another key while everything is sealed anew would be left behind. */
  async #untilPeersSeal(keyId: string): Promise<void> {
    const { clock } = this.#parts;
    const deadline = clock.monotonic() + PEERS_WITHIN_MS;
    for (;;) {
      const others = (await this.#holders()).filter(({ keyIds }) => keyIds?.[0] !== keyId);
      if (others.length === 0) return;
      if (clock.monotonic() >= deadline) throw stillSealing(others, keyId);
      await clock.sleep(PEERS_POLL_MS, this.#stopped.signal);
      if (this.#stopped.signal.aborted) throw new MailProxyError('stopping');
    }
  }

  async #holders(): Promise<readonly KeyHolder[]> {
    const { keys, clock, leaseMs, database } = this.#parts;
    const all = await keys.holders(clock.now() - leaseMs);
    // Nobody else can have it open, so others are dead.
    return database.dialect.isExclusive ? all.filter(({ session }) => session === this.session()) : all;
  }

  async #counts(): Promise<ReadonlyMap<string, KeyCounts>> {
    const counts = new Map<string, KeyCounts>();
    for (const { column, queries } of this.#columns) {
      counts.set(`${column.table}.${column.column}`, await queries.counts());
    }
    return counts;
  }
}

function stillSealing(others: readonly KeyHolder[], keyId: string): MailProxyError {
  const who = others.map(({ instance, session, keyIds }) => {
    const what = keyIds === null ? 'does not tell its keys: an older version' : `seals with ${keyIds[0]}`;
    return `${instance} (session ${session}) ${what}`;
  });
  return new MailProxyError('conflict', {
    detail:
      `not every instance seals with the key ${keyId} yet: ${who.join('; ')}. Give it to them as the first key, ` +
      'restart those that take their keys from the environment, and rotate again.',
  });
}
