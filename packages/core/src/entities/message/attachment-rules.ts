// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { FetchMode } from '../../attachments/fetch-mode.ts';

/** What a tenant may attach, as far as that is known before anything is fetched. */
export interface AttachmentRules {
  /** Of one attachment. */
  readonly maxBytes: number;
  /** Of all attachments of a message together. */
  readonly maxMessageBytes: number;
  /** Whether the tenant has a storage of that name. */
  readonly isStorage: (name: string) => boolean;
  /** Say what was expected of a place from which nothing can be fetched; null where something may be. */
  readonly check: (place: AttachmentPlace) => string | null;
}

/** Where an attachment is to be fetched from. */
export interface AttachmentPlace {
  readonly mode: Exclude<FetchMode, 'base64'>;
  readonly path: string;
  /** Whether the client named the mode, rather than leaving it to be told from the path. */
  readonly isExplicit: boolean;
}
