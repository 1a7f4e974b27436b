// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Statement } from '../database/statement.ts';

/**
 * What counts against an address.
 * - `hard`: it does not exist, or takes no mail any more.
 * - `soft`: its mailbox gave up a message for now: it is full, say.
 * - `complaint`: its owner called a message spam.
 */
export const STRIKE_KINDS = ['hard', 'soft', 'complaint'] as const;
export type StrikeKind = (typeof STRIKE_KINDS)[number];

/** Something that counts against an address. */
export interface Strike {
  readonly tenantId: string;
  /** As it stands in an envelope or a report; what is no address counts for nothing. */
  readonly address: string;
  readonly kind: StrikeKind;
  /** Milliseconds. */
  readonly at: number;
  /** The event that tells of it: it counts only if that is stored, by an earlier statement of the unit too. */
  readonly eventPk: string | null;
  /** What the relay said, for people; one line. @defaultValue null */
  readonly note?: string | null;
}

/** How a mixin fills the suppression lists of tenants. */
export interface Suppressions {
  /**
   * Statements that count strikes by the policy of each tenant, and put addresses onto its list that have enough; none where
   * nothing is to be counted. They go into the unit that stores the events, behind those that do.
   *
   * @throws {MailProxyError} `database_unavailable`
   */
  suppress(strikes: readonly Strike[]): Promise<readonly Statement[]>;
  /** Such a unit was committed: from now on mail of the tenant is held against its list as it is now, on every instance. */
  changed(tenantId: string): void;
}

/**
 * What a bounce counts as. A permanent failure of an address that lives is none of the list's business: a spam filter
 * refused the message, say, or the mailbox is full. Leave out what says nothing of the mailbox, such as a relay that
 * could not be reached.
 */
export function strikeOfBounce(bounce: {
  readonly permanence: 'permanent' | 'temporary';
  readonly addressDead: boolean;
}): StrikeKind | null {
  if (bounce.addressDead) return 'hard';
  return bounce.permanence === 'temporary' ? 'soft' : null;
}
