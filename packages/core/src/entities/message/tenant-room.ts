// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';
import { MailProxyError } from '../../errors.ts';

/** What waits of a tenant. */
export interface WaitingUsage {
  readonly pending: number;
  readonly bytes: number;
}

/** Null for no limit. */
export interface RoomLimits {
  readonly maxPending: number | null;
  readonly maxBytes: number | null;
}

export type Quota = 'max_pending' | 'max_bytes';

/** Room that a message has taken until it is disposed of; for good, once it is kept. */
export interface TakenRoom extends Disposable {
  /** The message is stored. */
  keep(): void;
}

/** Bytes that a tenant is uploading; disposed of once they are stored, or gone. */
export interface UploadRoom extends Disposable {
  /** @throws {MailProxyError} `quota_exceeded` */
  add(bytes: number): void;
}

export interface TenantRoomParts {
  readonly clock: Clock;
  readonly usageOf: (tenantId: string) => Promise<WaitingUsage>;
  /** Whether other processes store mail of the same tenants. */
  readonly isShared: boolean;
  /** For tenants that have none of their own. */
  readonly limits: RoomLimits;
  readonly onRefused: (quota: Quota) => void;
}

interface Count {
  pending: number;
  bytes: number;
  /** What of that may be in the next count as well: taken, and not yet disposed of. */
  flying: { pending: number; bytes: number };
  uploading: number;
  countedAt: number;
  /** What may still be taken before it is counted again. */
  budget: { pending: number; bytes: number };
  counting: Promise<void> | null;
}

/** A tenant that is full is not counted more often. */
const RECOUNT_MS = 250;
/** Where others store mail as well, a count is no older. */
const SHARED_COUNT_MS = 1_000;
/** The part of the room that a process takes before it counts again, where others do the same, and messages at least. */
const SHARE = 10;
const MIN_BUDGET = 100;
const RETRY_AFTER_MS = 30_000;

/**
 * How much more of each tenant's mail may wait. There is no counter in the database that every message would update:
 * what waits is counted now and then, and what this process takes is added to the last count. So alone it never goes
 * beyond a limit; of several, each but one may, by a tenth of the room or 100 messages.
 */
export class TenantRoom {
  readonly #p: TenantRoomParts;
  readonly #counts = new Map<string, Count>();

  constructor(parts: TenantRoomParts) {
    this.#p = parts;
  }

  /** What holds for a tenant. */
  limitsOf({ maxPending, maxBytes }: RoomLimits): RoomLimits {
    const { limits } = this.#p;
    return { maxPending: maxPending ?? limits.maxPending, maxBytes: maxBytes ?? limits.maxBytes };
  }

  /**
   * Take room for a message.
   *
   * @param own the tenant's limits
   * @param size in bytes; asked for only where there is a limit
   * @throws {MailProxyError} `quota_exceeded`
   */
  async take(tenantId: string, own: RoomLimits, size: () => number): Promise<TakenRoom> {
    const limits = this.limitsOf(own);
    if (limits.maxPending === null && limits.maxBytes === null) return NO_ROOM;
    const bytes = size();
    const count = this.#countOf(tenantId);
    for (;;) {
      const now = this.#p.clock.monotonic();
      const isOld = now - count.countedAt >= (this.#p.isShared ? SHARED_COUNT_MS : Number.POSITIVE_INFINITY);
      const exceeded = isOld ? null : exceededBy(count, limits, bytes);
      const isSpent = count.budget.pending < 1 || count.budget.bytes < bytes;
      if (!isOld && exceeded === null && !(this.#p.isShared && isSpent)) return this.#taken(count, bytes);
      if (exceeded !== null && now - count.countedAt < RECOUNT_MS) throw this.#refused(exceeded, limits);
      await this.#recount(tenantId, limits, bytes);
    }
  }

  /** Room for what a tenant's client uploads, while it comes in; null where there is no limit. */
  async upload(tenantId: string, own: RoomLimits): Promise<UploadRoom | null> {
    const limits = this.limitsOf(own);
    const { maxBytes } = limits;
    if (maxBytes === null) return null;
    const count = this.#countOf(tenantId);
    if (this.#p.clock.monotonic() - count.countedAt >= RECOUNT_MS) await this.#recount(tenantId, limits, 0);
    let taken = 0;
    return {
      add: (bytes) => {
        taken += bytes;
        count.uploading += bytes;
        if (count.bytes + count.uploading > maxBytes) throw this.#refused('max_bytes', limits);
      },
      [Symbol.dispose]() {
        count.uploading -= taken;
        taken = 0;
      },
    };
  }

  #countOf(tenantId: string): Count {
    const known = this.#counts.get(tenantId) ?? {
      pending: 0,
      bytes: 0,
      flying: { pending: 0, bytes: 0 },
      uploading: 0,
      countedAt: Number.NEGATIVE_INFINITY,
      budget: { pending: 0, bytes: 0 },
      counting: null,
    };
    this.#counts.set(tenantId, known);
    return known;
  }

  #taken(count: Count, bytes: number): TakenRoom {
    count.pending += 1;
    count.bytes += bytes;
    count.flying.pending += 1;
    count.flying.bytes += bytes;
    count.budget.pending -= 1;
    count.budget.bytes -= bytes;
    let isKept = false;
    return {
      keep() {
        isKept = true;
      },
      [Symbol.dispose]() {
        count.flying.pending -= 1;
        count.flying.bytes -= bytes;
        if (isKept) return;
        count.pending -= 1;
        count.bytes -= bytes;
      },
    };
  }

  async #recount(tenantId: string, limits: RoomLimits, bytes: number): Promise<void> {
    const count = this.#countOf(tenantId);
    count.counting ??= this.#count(tenantId, count).finally(() => {
      count.counting = null;
    });
    await count.counting;
    count.budget = {
      pending: budgetOf(limits.maxPending, count.pending, MIN_BUDGET),
      bytes: budgetOf(limits.maxBytes, count.bytes, bytes),
    };
  }

  async #count(tenantId: string, count: Count): Promise<void> {
    const { pending, bytes } = await this.#p.usageOf(tenantId);
    // What is flying may have been stored by now and be counted twice, until it has landed: never too little.
    count.pending = pending + count.flying.pending;
    count.bytes = bytes + count.flying.bytes;
    count.countedAt = this.#p.clock.monotonic();
  }

  #refused(quota: Quota, { maxPending, maxBytes }: RoomLimits): MailProxyError {
    this.#p.onRefused(quota);
    const limit = quota === 'max_pending' ? maxPending : maxBytes;
    return new MailProxyError('quota_exceeded', {
      detail: `as much of the tenant's mail waits as ${quota} allows, ${limit}`,
      retryAfterMs: RETRY_AFTER_MS,
      extra: { quota, ...(limit === null ? {} : { limit }) },
    });
  }
}

const NO_ROOM: TakenRoom = { keep: () => undefined, [Symbol.dispose]: () => undefined };

function exceededBy({ pending, bytes }: Count, { maxPending, maxBytes }: RoomLimits, more: number): Quota | null {
  if (maxPending !== null && pending + 1 > maxPending) return 'max_pending';
  return maxBytes !== null && bytes + more > maxBytes ? 'max_bytes' : null;
}

function budgetOf(max: number | null, used: number, least: number): number {
  return max === null ? Number.POSITIVE_INFINITY : Math.max(least, Math.floor((max - used) / SHARE));
}
