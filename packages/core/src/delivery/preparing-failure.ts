// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { AttachmentFailure } from '../attachments/attachment-failure.ts';

/** Why a message can't be made ready, for now or for good: an attachment's fault, or what a mixin says. */
export interface PreparingFailure extends Pick<AttachmentFailure, 'permanence' | 'reason' | 'retryAfterMs'> {
  /** @defaultValue fetch */
  readonly stage?: string;
  /** @defaultValue message */
  readonly verdict?: string;
}

export function tooLargeTogether(maxBytes: number): AttachmentFailure {
  return new AttachmentFailure('too_large', `the attachments are larger than ${maxBytes} bytes together`);
}

export function failureOfBug(error: unknown): AttachmentFailure {
  const reason = `internal error: ${error instanceof Error ? error.message : String(error)}`;
  return new AttachmentFailure('unavailable', reason, { cause: error });
}
