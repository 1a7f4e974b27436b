// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { rfc3339OrNull, timestamp } from '../../operations/fields.ts';
import type { RotationProgress } from './rotation.ts';

export const keyStatusOutput = v.object({
  /** The key that seals, by its id: the first 8 hex digits of its SHA-256. */
  sealing: v.string(),
  keys: v.array(
    v.object({
      id: v.string(),
      /** Whether this instance has it. */
      at_hand: v.boolean(),
      /** Values that only it opens. */
      values: v.number(),
    }),
  ),
  columns: v.array(
    v.object({
      /** `table.column` */
      column: v.string(),
      /** Id of the key; null for values that are not sealed. */
      key: v.nullable(v.string()),
      at_hand: v.boolean(),
      values: v.number(),
    }),
  ),
  /** Instances that run, and the keys that each has, the one that seals first. */
  instances: v.array(v.object({ instance: v.string(), session: v.number(), keys: v.array(v.string()) })),
});

export const rotationOutput = v.object({
  state: v.picklist(['none', 'running', 'done', 'incomplete', 'failed']),
  /** The key under which everything comes. */
  key: v.nullable(v.string()),
  started_at: v.nullable(timestamp),
  ended_at: v.nullable(timestamp),
  total: v.number(),
  done: v.number(),
  /** Values that no key at hand opens: they stay as they are. */
  unreadable: v.number(),
  error: v.nullable(v.string()),
});

export function rotationView(progress: RotationProgress): v.InferOutput<typeof rotationOutput> {
  const { state, keyId, startedAt, endedAt, total, done, unreadable, error } = progress;
  return {
    state,
    key: keyId,
    started_at: rfc3339OrNull(startedAt),
    ended_at: rfc3339OrNull(endedAt),
    total,
    done,
    unreadable,
    error,
  };
}
