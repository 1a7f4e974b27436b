// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** The bytes of an attachment as they come. */
export interface AttachmentBody {
  /** Exact, where it is known before they came; null where it is not. */
  readonly sizeBytes: number | null;
  /** Read once. It gives back what it holds when it is read to its end or left early. */
  readonly body: AsyncIterable<Uint8Array>;
}
