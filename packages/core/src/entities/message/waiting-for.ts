// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Why a message is not sent at this moment. */
export const WAITING_KINDS = [
  'rate_limit',
  'account_paused',
  'account_probe',
  'tenant_suspended',
  'batch_suspended',
  'instance_paused',
  'scheduled',
  'retry',
  'held',
  'in_doubt',
  'attachments',
  'sending',
  'server_busy',
  'host_failing',
  'slowed_down',
  'account_busy',
  'turn',
] as const;

/** What has to change before it goes on. */
export const WAITING_SCOPES = ['message', 'batch', 'account', 'host', 'tenant', 'instance', 'lane'] as const;

/** One thing that a message waits for, as it is shown. */
export interface WaitingFor {
  readonly kind: (typeof WAITING_KINDS)[number];
  readonly scope: (typeof WAITING_SCOPES)[number];
  /** RFC 3339; null where no time ends it. */
  readonly until: string | null;
  /** Messages of its lane that go first; null where it has no place in one. */
  readonly position: number | null;
  /** For a person. */
  readonly detail: string | null;
}
