// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { GeneratedAlways } from 'kysely';

/** What this installation is called; one row, id 1. */
export interface InstanceTable {
  readonly id: number;
  readonly name: string;
  readonly created_at: number;
  /** Set while nothing at all is sent. */
  readonly paused_at: number | null;
  /** When what is too old was last removed; null before the first time. */
  readonly retention_ran_at: number | null;
  /** JSON of how many rows of each kind that removed. */
  readonly retention_deleted: string | null;
}

/** One life of one engine. A message's `owner_session` is a number of here, and every write of an owner checks it. */
export interface SessionsTable {
  /** Rises with each start and is never given twice: the epoch of all that this life writes. */
  readonly number: GeneratedAlways<number>;
  readonly instance: string;
  readonly started_at: number;
  /** Milliseconds; renewed while the engine lives. */
  readonly heartbeat_at: number;
  /** Null while it lives; set by itself when it stops, or by whoever found it dead. */
  readonly ended_at: number | null;
  /** Ids of the encryption keys that its process holds, between blanks, the one that seals first. */
  readonly key_ids: string | null;
}
