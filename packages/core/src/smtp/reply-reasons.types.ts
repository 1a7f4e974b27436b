// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/**
 * Why a mail was refused, as far as people who read the reply would say. The list is closed: what fits none is
 * `unknown`.
 */
export const REPLY_REASONS = [
  'user_unknown',
  'moved',
  'domain_unknown',
  'domain_without_mail',
  'mailbox_disabled',
  'mailbox_full',
  'recipient_restricted',
  'sender_rejected',
  'authentication_failed',
  'relaying_denied',
  'blocked',
  'spam',
  'virus',
  'content',
  'too_big',
  'policy',
  'rate_limited',
  'greylisted',
  'loop',
  'network',
  'system',
  'protocol',
  'expired',
  'unknown',
] as const;
export type ReplyReason = (typeof REPLY_REASONS)[number];

/** What is known of a refusal; any of it may be missing where it was dug out of a bounce. */
export interface RefusalWords {
  /** Reply code; null where none is quoted. */
  readonly code: number | null;
  /** Enhanced status, `5.1.1`; null where none is quoted. */
  readonly enhanced: string | null;
  /** What the other side wrote, in any language, on one or more lines. */
  readonly text: string;
}
