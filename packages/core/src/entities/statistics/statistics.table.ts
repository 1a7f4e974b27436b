// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What is counted of the traffic. */
export const TRAFFIC_KINDS = ['accepted', 'sent', 'failed', 'deferred', 'bounced', 'reported'] as const;
/**
 * - `accepted`: messages stored for delivery.
 * - `sent`: messages that the relay took for at least one recipient.
 * - `failed`: messages that ended without being delivered to anyone; those that were cancelled are not in it.
 * - `deferred`: attempts that failed for now.
 * - `bounced`: recipients from whom a message came back after the relay took it.
 * - `reported`: events that the tenant acknowledged.
 */
export type TrafficKind = (typeof TRAFFIC_KINDS)[number];
export type TrafficCounts = { readonly [Kind in TrafficKind]: number };

/** What one life of one instance saw in one minute, of all tenants. */
export interface TrafficMinutesTable extends TrafficCounts {
  /** Milliseconds: where the minute begins. */
  readonly at: number;
  readonly session: number;
}

/** The same of one tenant. */
export interface TenantTrafficMinutesTable extends TrafficMinutesTable {
  readonly tenant_id: string;
}
