// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Sealed } from '../../secrets/sealed-columns.ts';

/** A named place from which attachments are fetched. */
export interface StoragesTable {
  readonly pk: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly protocol: string;
  /** JSON. */
  readonly config: Sealed | null;
  readonly created_at: number;
  readonly updated_at: number;
}
