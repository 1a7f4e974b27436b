// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ClaimedMessage } from '../queue/claim.ts';

/** The ready messages of one account, as this engine sees them. */
export class Lane {
  readonly accountPk: string;
  readonly tenantId: string;
  /** Sends at the same time. */
  capacity: number;
  /** Messages begun and not settled yet. */
  running = 0;
  /** Of those, the ones that are not immediate. */
  runningNormal = 0;
  /** When a message of it was settled last, or the first of those running was begun; monotonic milliseconds. */
  progressAt = 0;
  /** Claimed and not begun. */
  readonly buffered: ClaimedMessage[] = [];
  /** Rises whenever a message may have become ready, so that an empty claim made before does not put the lane to rest. */
  arrivals = 0;
  /** Immediate messages may be ready. */
  immediateArrivals = 0;

  constructor(key: { readonly accountPk: string; readonly tenantId: string }, capacity: number) {
    this.accountPk = key.accountPk;
    this.tenantId = key.tenantId;
    this.capacity = capacity;
  }

  /** How many more may be claimed: as many as run at once lie ready besides. */
  get room(): number {
    return Math.max(0, 2 * this.capacity - this.running - this.buffered.length);
  }

  /** Its relay answers nothing: messages run, and none ended since `since` (monotonic). */
  isStalled(since: number): boolean {
    return this.running > 0 && this.progressAt < since;
  }

  get canStart(): boolean {
    return this.buffered.length > 0 && this.running < this.capacity;
  }
}
