// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { AttachmentFailure } from './attachment-failure.ts';
import type { Spooled } from './spool.ts';

/** What is known of an attachment's bytes before they came; null where it is not. */
export interface Announced {
  /** By where they came from. */
  readonly sizeBytes: number | null;
  /** Hex, by the client. */
  readonly md5: string | null;
  readonly sha256: string | null;
}

/** Compare what came with what was announced. Null when it is the same. */
export function checkSpooled(
  spooled: Pick<Spooled, 'sizeBytes' | 'md5' | 'sha256'>,
  announced: Announced,
): AttachmentFailure | null {
  if (announced.sizeBytes !== null && announced.sizeBytes !== spooled.sizeBytes) {
    return new AttachmentFailure('unavailable', 'it changed while it was read');
  }
  return checkHash('SHA-256', spooled.sha256, announced.sha256) ?? checkHash('MD5', spooled.md5, announced.md5);
}

function checkHash(name: string, found: string, expected: string | null): AttachmentFailure | null {
  if (expected === null || expected.toLowerCase() === found) return null;
  return new AttachmentFailure('hash_mismatch', `its ${name} is ${found}, and ${expected} was expected`);
}
