// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { clientId, page, pageOf, tenantId, timestamp } from '../../operations/fields.ts';
import { limitUnit, pauseKind } from '../account/account.fields.ts';
import { WAITING_KINDS, WAITING_SCOPES } from '../message/waiting-for.ts';

/**
 * - `sending`: messages are under way.
 * - `idle`: nothing waits.
 * - `waiting`: mail waits; `waiting_for` says for what.
 * - `paused`: the account rests since its credentials or TLS settings failed or somebody paused it, or the operator
 *   stopped all sending.
 * - `suspended`: the tenant is suspended.
 */
export const LANE_STATES = ['sending', 'idle', 'waiting', 'paused', 'suspended'] as const;
export type LaneState = (typeof LANE_STATES)[number];

export const listLanesInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  /** The account's id, or its primary key. */
  account_id: v.optional(clientId),
  state: v.optional(v.picklist(LANE_STATES)),
  ...page,
});

const laneLimit = v.object({
  /** The tenant's limits count all its accounts together. */
  scope: v.picklist(['account', 'tenant']),
  per: v.picklist(['minute', 'hour', 'day']),
  unit: limitUnit,
  limit: v.number(),
  /** Sent in the window that ends now, and in flight. */
  used: v.number(),
  /** When there is room for the next message; null where there is now. */
  free_at: v.nullable(timestamp),
});

export const laneOutput = v.object({
  tenant_id: v.string(),
  account_id: v.string(),
  account_pk: v.string(),
  /** `host:port` of the relay. */
  host: v.string(),
  state: v.picklist(LANE_STATES),
  /** What keeps the message that goes next, in the words of a message's `waiting_for`; null where nothing does. */
  waiting_for: v.nullable(
    v.object({
      kind: v.picklist(WAITING_KINDS),
      scope: v.picklist(WAITING_SCOPES),
      /** For a person. */
      detail: v.nullable(v.string()),
      /** Null where no time ends it. */
      until: v.nullable(timestamp),
    }),
  ),
  /** Messages whose turn it is to be sent. Counted up to 10,000, as are those that follow. */
  ready: v.number(),
  /** Scheduled, or to be retried. */
  deferred: v.number(),
  /** Held by hand, of a suspended batch, or in doubt: they wait for a decision. */
  held: v.number(),
  /** Attachments are fetched or prepared. */
  preparing: v.number(),
  /** Claimed by an instance, or being sent. */
  running: v.number(),
  /** Open connections to the relay, of the instance that answers. */
  connections: v.number(),
  /** Since when the message that goes next could have been sent; null where none is ready. */
  oldest_due_at: v.nullable(timestamp),
  /** Set while the account is left alone. */
  pause: v.nullable(
    v.object({
      kind: pauseKind,
      since: timestamp,
      /** Null where only `accounts.resume` ends it. */
      until: v.nullable(timestamp),
      failures: v.number(),
      reason: v.object({
        stage: v.string(),
        code: v.nullable(v.number()),
        enhanced: v.nullable(v.string()),
        reply: v.string(),
      }),
    }),
  ),
  limits: v.array(laneLimit),
  /** What the instance that answers saw in the last minute. */
  last_minute: v.object({ sent: v.number(), failed: v.number(), deferred: v.number() }),
});

export type LaneOutput = v.InferOutput<typeof laneOutput>;

export const lanePage = pageOf(laneOutput);
