// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** One command that changed something: who, from where, what, with which end. */
export interface CommandLogTable {
  readonly pk: string;
  readonly at: number;
  readonly operation: string;
  readonly tenant_id: string | null;
  readonly principal: string;
  readonly origin: string;
  /** JSON, secrets and content replaced. */
  readonly input: string;
  /** `ok` or an error code. */
  readonly outcome: string;
  readonly request_id: string | null;
}
