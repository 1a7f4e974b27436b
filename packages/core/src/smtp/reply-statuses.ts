// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ReplyReason } from './reply-reasons.types.ts';

/** What a status or a bare code means where the words say nothing. */
export interface StatusRule {
  /** `x.1.1` for both classes, `5.4.4` for one, or a reply code where no status came with it. */
  readonly status: string;
  readonly reason: ReplyReason;
}

/** RFC 3463 and the IANA registry of enhanced status codes; Exchange Online's own ones as its documentation has them. */
export const REASON_STATUSES: readonly StatusRule[] = [
  { status: 'x.1.1', reason: 'user_unknown' },
  { status: 'x.1.2', reason: 'domain_unknown' },
  { status: 'x.1.3', reason: 'protocol' },
  { status: 'x.1.4', reason: 'user_unknown' },
  { status: 'x.1.6', reason: 'moved' },
  { status: 'x.1.7', reason: 'sender_rejected' },
  { status: 'x.1.8', reason: 'sender_rejected' },
  { status: 'x.1.10', reason: 'user_unknown' },
  { status: 'x.1.351', reason: 'user_unknown' },
  { status: 'x.2.1', reason: 'mailbox_disabled' },
  { status: 'x.2.2', reason: 'mailbox_full' },
  { status: 'x.2.3', reason: 'too_big' },
  { status: 'x.3.1', reason: 'system' },
  { status: 'x.3.2', reason: 'system' },
  { status: 'x.3.3', reason: 'system' },
  { status: 'x.3.4', reason: 'too_big' },
  { status: 'x.3.5', reason: 'system' },
  { status: 'x.4.1', reason: 'network' },
  { status: 'x.4.2', reason: 'network' },
  { status: 'x.4.3', reason: 'system' },
  { status: '5.4.4', reason: 'domain_unknown' },
  { status: '4.4.4', reason: 'network' },
  { status: 'x.4.5', reason: 'rate_limited' },
  { status: 'x.4.6', reason: 'loop' },
  { status: 'x.4.7', reason: 'expired' },
  { status: 'x.4.14', reason: 'loop' },
  { status: 'x.4.310', reason: 'domain_unknown' },
  { status: 'x.4.316', reason: 'expired' },
  { status: 'x.5.0', reason: 'protocol' },
  { status: 'x.5.1', reason: 'protocol' },
  { status: 'x.5.2', reason: 'protocol' },
  { status: 'x.5.3', reason: 'rate_limited' },
  { status: 'x.5.4', reason: 'protocol' },
  { status: 'x.6.0', reason: 'content' },
  { status: 'x.6.1', reason: 'content' },
  { status: 'x.6.2', reason: 'content' },
  { status: 'x.6.3', reason: 'content' },
  { status: 'x.7.0', reason: 'policy' },
  { status: 'x.7.1', reason: 'policy' },
  { status: 'x.7.2', reason: 'recipient_restricted' },
  { status: 'x.7.13', reason: 'mailbox_disabled' },
  { status: 'x.7.17', reason: 'moved' },
  { status: 'x.7.18', reason: 'moved' },
  { status: 'x.7.20', reason: 'authentication_failed' },
  { status: 'x.7.21', reason: 'authentication_failed' },
  { status: 'x.7.22', reason: 'authentication_failed' },
  { status: 'x.7.23', reason: 'authentication_failed' },
  { status: 'x.7.24', reason: 'authentication_failed' },
  { status: 'x.7.25', reason: 'blocked' },
  { status: 'x.7.26', reason: 'authentication_failed' },
  { status: 'x.7.27', reason: 'sender_rejected' },
  { status: 'x.7.28', reason: 'rate_limited' },
  { status: 'x.7.29', reason: 'authentication_failed' },
  // Symantec Email Security says so for addresses that it does not know.
  { status: '542', reason: 'user_unknown' },
  { status: '551', reason: 'moved' },
  { status: '552', reason: 'mailbox_full' },
  { status: '556', reason: 'domain_without_mail' },
  { status: '421', reason: 'system' },
];
