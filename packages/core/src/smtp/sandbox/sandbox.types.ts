// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What a sandbox took in one transaction, in the place of a relay. */
export interface TakenMail {
  /** Reverse path without brackets; empty for the null sender. */
  readonly from: string;
  /** Of the recipients those for whom it was taken. */
  readonly to: readonly string[];
  /** The whole message as it would have gone, without stuffed dots. */
  readonly bytes: Uint8Array;
}

/** What a transaction tells a sandbox beside what SMTP says. */
export interface SandboxTransaction {
  /** How often each of `to` was tried before, in the same order. */
  readonly attempts: readonly number[];
  readonly onTaken: (mail: TakenMail) => void;
}

/** A relay that is none: mail given to it is kept, and nothing leaves this machine. */
export interface SandboxRelay {
  /** Bytes of a message that it takes. */
  readonly maxBytes: number;
}
