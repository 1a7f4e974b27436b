// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** Stages of an opening: the last of them is there where the account logs in. */
export const OPENING_STAGES = ['connect', 'tls', 'greeting', 'auth'] as const;
/**
 * Stages of a transaction: MAIL and all RCPT up to the last reply, the message from there to its final dot, and the wait
 * for the reply to that.
 */
export const TRANSACTION_STAGES = ['mail', 'data', 'dot'] as const;
export const STAGES = [...OPENING_STAGES, ...TRANSACTION_STAGES] as const;

export type StageName = (typeof STAGES)[number];

/** How long a stage took that came to its end. Milliseconds. */
export interface StageTime {
  readonly stage: StageName;
  readonly ms: number;
}

/** Told when a stage came to its end. */
export type OnStage = (stage: StageName, ms: number) => void;
