// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AttachmentBody } from '../attachment-body.ts';

/** One field of a storage's configuration that cannot be used. */
export interface StorageProblem {
  /** JSON pointer (RFC 6901) into the configuration. */
  readonly pointer: string;
  /** What was expected; never what was received, which may be a secret. */
  readonly message: string;
}

export interface StorageContext {
  readonly tenantId: string;
}

export interface StorageOpenContext extends StorageContext {
  /** What is larger is not taken, so that there is no use in beginning with it. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** How files are read from one kind of storage. */
export interface StorageBackend {
  /** What a storage's `protocol` says, such as `local`. */
  readonly protocol: string;
  /** Say what is wrong with a configuration, without asking anybody. */
  check(config: unknown, context: StorageContext): readonly StorageProblem[];
  /**
   * Open a file of a storage whose configuration was found right.
   *
   * @param path relative, without `..` and NUL
   * @throws {AttachmentFailure} what is expected to fail; what {@link OutgoingHttp} throws is told apart as well
   */
  open(config: unknown, path: string, context: StorageOpenContext): Promise<AttachmentBody>;
}
