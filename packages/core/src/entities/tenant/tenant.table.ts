// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Sealed } from '../../secrets/sealed-columns.ts';
import type { LimitUnit } from '../account/account.table.ts';
import type { OnInDoubt } from '../message/message.table.ts';

/** Batches of which nothing is sent for now. */
export interface SuspendedBatchesTable {
  readonly tenant_id: string;
  readonly batch_code: string;
  readonly suspended_at: number;
}

/** An organisation; owns everything that carries its id and sees nothing else. */
export interface TenantsTable {
  /** Chosen by the operator, 1 to 64 of `[a-zA-Z0-9_-]`. */
  readonly id: string;
  readonly name: string | null;
  /** Where reports go: base URL plus path. Null: this tenant is not told. */
  readonly client_base_url: string | null;
  readonly client_sync_path: string | null;
  readonly client_attachment_path: string | null;
  /** JSON of the credentials for the tenant's endpoint. */
  readonly client_auth: Sealed | null;
  /** Set while nothing of the tenant is sent. */
  readonly suspended_at: number | null;
  /** Turns that the tenant gets for one of a tenant of weight 1; 1 to 100. */
  readonly weight: number;
  /** Most that all its accounts together send in any minute, hour and day; null for no limit. */
  readonly limit_per_minute: number | null;
  readonly limit_per_hour: number | null;
  readonly limit_per_day: number | null;
  readonly limit_unit: LimitUnit;
  /** 1: messages are refused with 429 while a limit is reached. */
  readonly refuse_over_limit: number;
  /** For messages that say nothing of it. */
  readonly on_in_doubt: OnInDoubt;
  /** JSON of RetryPolicyInput; null for the instance's. */
  readonly retry: string | null;
  /** JSON of the tenant's own ReplyRule[]; null for none. */
  readonly reply_rules: string | null;
  /** Whether requests on its behalf may go to private networks; null for what the instance says. */
  readonly allow_private_networks: number | null;
  /** JSON of the hosts that they may go to wherever those are; null for the instance's. */
  readonly allowed_hosts: string | null;
  /** JSON of RetentionInput; null for the instance's. */
  readonly retention: string | null;
  /** JSON of SuppressionPolicyInput; null for what is so by default. */
  readonly suppression: string | null;
  /** Most messages that may wait, and bytes of them; null for the instance's. */
  readonly max_pending: number | null;
  readonly max_bytes: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}
