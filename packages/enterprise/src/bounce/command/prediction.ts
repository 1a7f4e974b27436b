// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ReturnedMail } from '../reading/returned-mail.types.ts';

/** What a mail is read as, in one flat line: a line of `--json`. */
export interface Prediction {
  /** The folder's name and the path below it. */
  readonly file: string;
  readonly kind: ReturnedMail['kind'];
  readonly is_bounce: boolean;
  readonly recipients: readonly string[];
  readonly status: string | null;
  readonly reply_code: number | null;
  readonly reason_class: string | null;
  readonly permanence: 'permanent' | 'temporary' | null;
  readonly address_dead: boolean | null;
  readonly reason: string | null;
  readonly original_message_id: string | null;
  readonly ms: number;
}

/** Flatten a verdict: a delay counts as a bounce; where several failed the first one speaks, and one dead address is enough. */
export function predictionOf(file: string, mail: ReturnedMail, ms: number): Prediction {
  const common = { file, kind: mail.kind, original_message_id: mail.original.messageId, ms };
  if (mail.kind !== 'bounce' && mail.kind !== 'delay') {
    const recipients = mail.kind === 'complaint' ? mail.recipients : [];
    const nothing = {
      status: null,
      reply_code: null,
      reason_class: null,
      permanence: null,
      address_dead: null,
      reason: null,
    };
    return { ...common, is_bounce: false, recipients, ...nothing };
  }
  const { status, replyCode, reasonClass, permanence, addressDead, reason } = mail.summary;
  return {
    ...common,
    is_bounce: true,
    recipients: mail.recipients.map(({ address }) => address),
    status,
    reply_code: replyCode,
    reason_class: reasonClass,
    permanence,
    address_dead: addressDead || mail.recipients.some((each) => each.addressDead),
    reason,
  };
}
