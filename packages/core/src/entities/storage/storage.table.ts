// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** A named place from which attachments are fetched. */
export interface StoragesTable {
  readonly pk: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly protocol: string;
  /** Sealed JSON. */
  readonly config: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}
