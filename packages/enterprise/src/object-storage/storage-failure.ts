// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What a storage can fail of, and whether asking again later may help. */
const PERMANENCE = {
  /** No such storage, bucket or container. */
  not_found: 'permanent',
  /** Credentials or rights are missing. They get mended while a message waits. */
  no_access: 'temporary',
  /** What was set up cannot be used. */
  misconfigured: 'permanent',
  /** Trouble of the network, the server or the disk. */
  unavailable: 'temporary',
  timeout: 'temporary',
} as const;

export type StorageFailureCode = keyof typeof PERMANENCE;

/** That a storage cannot do what was asked of it, now or ever. */
export class StorageFailure extends Error {
  override readonly name = 'StorageFailure';
  readonly code: StorageFailureCode;
  readonly permanence: 'permanent' | 'temporary';
  /** For the tenant: never holds a secret. */
  readonly reason: string;

  constructor(code: StorageFailureCode, reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause });
    this.code = code;
    this.permanence = PERMANENCE[code];
    this.reason = reason;
  }
}
