// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What the bytes of an attachment can fail of, and whether asking again later may help. */
const PERMANENCE = {
  /** Where it should lie is no such file, or there is no such storage. */
  not_found: 'permanent',
  /** It lies where nothing may be fetched from. */
  not_allowed: 'permanent',
  too_large: 'permanent',
  /** Other bytes than those that were announced. */
  hash_mismatch: 'permanent',
  /** The server answered, and not with a file. */
  refused: 'permanent',
  /** What the tenant set up cannot be used. */
  misconfigured: 'permanent',
  /** Credentials or rights are missing. They get mended while the message waits. */
  no_access: 'temporary',
  /** Trouble of the network, the server or the disk where it lies. */
  unavailable: 'temporary',
  timeout: 'temporary',
  /** Trouble of the disk where it is kept while it is worked on. */
  not_kept: 'temporary',
} as const;

export type AttachmentFailureCode = keyof typeof PERMANENCE;

export interface AttachmentFailureOptions {
  /** What the server asked for with Retry-After. */
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

/** That the bytes of an attachment cannot be had, now or ever. */
export class AttachmentFailure extends Error {
  override readonly name = 'AttachmentFailure';
  readonly code: AttachmentFailureCode;
  readonly permanence: 'permanent' | 'temporary';
  /** For the tenant: never holds a secret, nor a URL beyond its host. */
  readonly reason: string;
  /** Milliseconds; null where nobody named any. */
  readonly retryAfterMs: number | null;

  constructor(
    code: AttachmentFailureCode,
    reason: string,
    { retryAfterMs = null, cause }: AttachmentFailureOptions = {},
  ) {
    super(reason, cause === undefined ? undefined : { cause });
    this.code = code;
    this.permanence = PERMANENCE[code];
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

export function tooLarge(maxBytes: number): AttachmentFailure {
  return new AttachmentFailure('too_large', `it is larger than ${maxBytes} bytes`);
}
