// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SubmissionServices } from './message-services.ts';
import type { OnConflict } from './on-conflict.ts';

/** What a message is submitted as. */
export interface SubmittedAs {
  readonly tenantId: string;
  /** The client's id; undefined where it gave none. */
  readonly id: string | undefined;
  readonly onConflict: OnConflict;
  /** Pointer of the message in the request. */
  readonly base: string;
}

/** Whether there is a message of its id in whose place it would not be. */
export async function isRepeated(
  { findTaken }: Pick<SubmissionServices, 'findTaken'>,
  { tenantId, id, onConflict }: SubmittedAs,
): Promise<boolean> {
  const taken = id === undefined ? null : await findTaken(tenantId, id);
  return taken !== null && !(onConflict === 'replace_if_pending' && taken.isReplaceable);
}
