// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { EndLimits, KeptTenant, RetentionSweep } from '../queue/retention.ts';
import { type Retention, type RetentionKind, resolveRetention } from '../retention.ts';

/** What is counted: the kinds of what is kept, the ids of messages that were removed, and minutes of the statistics. */
export type RemovedKind = RetentionKind | 'ids' | 'statistics';
export type RemovedCounts = Readonly<Record<RemovedKind, number>>;

export interface RetentionKeeperParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly sweep: RetentionSweep;
  /** Remove statistics of minutes before then, up to a limit. @returns how many */
  readonly forgetTraffic: (before: number, limit: number) => Promise<number>;
  /** The instance's; tenants may have their own. */
  readonly retention: Retention;
  /** How long the id of a removed message stays taken. */
  readonly idsMs: number;
  readonly intervalMs: number;
  /** Whether every tenant is told, though it has no endpoint. */
  readonly isEveryoneTold: boolean;
  /** Take or keep the right to do it; one instance has it at a time. */
  readonly takeTurn: () => Promise<boolean>;
  readonly onRemoved: (kind: RemovedKind, count: number) => void;
  /** A pass has ended. */
  readonly onPassed: (counts: RemovedCounts) => Promise<void>;
}

/** Statistics are kept for a week, whatever is kept of messages. */
const STATISTICS_KEPT_MS = 7 * 86_400_000;
/** Rows in one unit: some milliseconds of the writer. */
const PIECE = 100;
/** Between two pieces, so that mail has most of the writer. */
const PAUSE_MS = 25;
/** Ends written before their messages go: the look for the next ones passes over all of them. */
const ROUND = 10_000;

/** Removes what is older than it is kept, in the background and piece by piece. */
export class RetentionKeeper {
  readonly #p: RetentionKeeperParts;

  constructor(parts: RetentionKeeperParts) {
    this.#p = parts;
  }

  /** Returns soon after `signal`, between two pieces. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, takeTurn, intervalMs } = this.#p;
    while (!signal.aborted) {
      try {
        if (await takeTurn()) await this.pass(signal);
      } catch (error) {
        if (isMailProxyError(error)) log.warn({ code: error.code }, 'retention waits');
        else log.error({ err: error }, 'retention failed and goes on');
      }
      await clock.sleep(intervalMs, signal);
    }
  }

  /** Remove all that is too old now. */
  async pass(signal: AbortSignal): Promise<void> {
    const { sweep, isEveryoneTold, onPassed } = this.#p;
    const counts = { content: 0, metadata: 0, events: 0, audit: 0, ids: 0, statistics: 0 };
    const remove: Remove = async (kind, piece) => {
      const removed = await this.#inPieces(piece, signal, (count) => this.#p.onRemoved(kind, count));
      counts[kind] += removed;
    };
    const tenants = await sweep.tenants(isEveryoneTold);
    await this.#contents(tenants, remove);
    await this.#messages(tenants, remove, signal);
    await this.#events(tenants, remove);
    await this.#lines(tenants, remove);
    await remove('ids', (limit) => sweep.ends(this.#p.clock.now(), limit));
    await remove('statistics', (limit) => this.#p.forgetTraffic(this.#p.clock.now() - STATISTICS_KEPT_MS, limit));
    if (!signal.aborted) await onPassed(counts);
  }

  async #contents(tenants: readonly KeptTenant[], remove: Remove): Promise<void> {
    for (const tenant of tenants) {
      const before = this.#before(tenant, 'content');
      if (before !== null) await remove('content', (limit) => this.#p.sweep.contents(tenant, before, limit));
    }
  }

  /** All ends of a round first, then, once they have settled, their messages. */
  async #messages(tenants: readonly KeptTenant[], remove: Remove, signal: AbortSignal): Promise<void> {
    const { clock, sweep, idsMs } = this.#p;
    for (let written = ROUND; written >= ROUND && !signal.aborted; ) {
      written = 0;
      for (const tenant of tenants) {
        const before = this.#before(tenant, 'metadata');
        if (before === null || written >= ROUND) continue;
        const endsOf = (limit: number): Promise<number> =>
          written >= ROUND ? Promise.resolve(0) : sweep.writeEnds(tenant, before, this.#limits(idsMs, limit));
        await this.#inPieces(endsOf, signal, (count) => {
          written += count;
        });
      }
      if (written > 0 && sweep.settlesMs > 0) await clock.sleep(sweep.settlesMs, signal);
      for (const tenant of tenants) {
        const before = this.#before(tenant, 'metadata');
        if (before === null) continue;
        await remove('metadata', (limit) => sweep.messages(tenant, before, this.#limits(idsMs, limit)));
      }
    }
  }

  async #events(tenants: readonly KeptTenant[], remove: Remove): Promise<void> {
    for (const tenant of tenants) {
      const before = this.#before(tenant, 'events');
      if (before !== null) await remove('events', (limit) => this.#p.sweep.events(tenant, before, limit));
    }
  }

  /** Those of tenants that are gone, and of none, as the instance says. */
  async #lines(tenants: readonly KeptTenant[], remove: Remove): Promise<void> {
    const { clock, sweep, retention } = this.#p;
    const own = new Map(tenants.map((tenant) => [tenant.id, tenant.retention]));
    for (const tenantId of await sweep.loggedTenants()) {
      const { audit } = resolveRetention(retention, tenantId === null ? null : (own.get(tenantId) ?? null));
      if (audit !== null) await remove('audit', (limit) => sweep.lines(tenantId, clock.now() - audit, limit));
    }
  }

  /** What is older may go; null where all of it stays. */
  #before({ retention: own, untoldSince }: KeptTenant, kind: RetentionKind): number | null {
    const { clock, retention } = this.#p;
    const periodMs = resolveRetention(retention, own)[kind];
    if (periodMs === null) return null;
    const before = clock.now() - periodMs;
    // No message that ended since then has all of its events acknowledged.
    return kind === 'metadata' && untoldSince !== null ? Math.min(before, untoldSince) : before;
  }

  #limits(idsMs: number, limit: number): EndLimits {
    const now = this.#p.clock.now();
    return { now, forgetAt: now + idsMs, limit };
  }

  async #inPieces(
    piece: (limit: number) => Promise<number>,
    signal: AbortSignal,
    onPiece: (count: number) => void,
  ): Promise<number> {
    for (let total = 0; ; ) {
      if (signal.aborted) return total;
      const count = await piece(PIECE);
      if (count > 0) onPiece(count);
      total += count;
      if (count < PIECE) return total;
      await this.#p.clock.sleep(PAUSE_MS, signal);
    }
  }
}

type Remove = (kind: RemovedKind, piece: (limit: number) => Promise<number>) => Promise<void>;
