// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { addressesIn, cleanAddress } from '../../mail/addresses.ts';
import { type Field, fieldOf } from '../../mail/fields.ts';
import { withoutNul } from '../../mail/without-nul.ts';
import type { DeliveryStatus } from './delivery-status.ts';
import type { Feedback } from './feedback.ts';
import type { MailParts } from './mail-parts.ts';

/** A notification of Amazon SES that SNS mails: JSON in place of a report. */
export interface SesNotification {
  readonly status: DeliveryStatus;
  readonly feedback: Feedback | null;
  /** Header of the original, where SES was told to send it along. */
  readonly header: readonly Field[];
}

const words = v.pipe(v.string(), v.transform(withoutNul));
const text = v.nullish(words, null);
const mailbox = v.object({ emailAddress: words, action: text, status: text, diagnosticCode: text });
const notification = v.object({
  notificationType: text,
  eventType: text,
  bounce: v.optional(v.object({ bouncedRecipients: v.array(mailbox), reportingMTA: text })),
  complaint: v.optional(v.object({ complainedRecipients: v.array(mailbox), complaintFeedbackType: text })),
  mail: v.optional(
    v.object({
      destination: v.optional(v.array(words), []),
      headers: v.optional(v.array(v.object({ name: words, value: words })), []),
    }),
  ),
});
type Notification = v.InferOutput<typeof notification>;

/** Around it where SNS was not told to deliver it raw. */
const envelope = v.object({ Message: v.string() });

/** Read a notification of SES; null for any other mail. */
export function readSesNotification(mail: MailParts): SesNotification | null {
  if (!/amazon(?:aws|ses)/i.test(fieldOf(mail.fields, 'from') ?? '')) return null;
  const found = notificationIn(mail.text);
  if (found === null) return null;
  const { bounce, complaint, mail: original } = found;
  const delivered = bounce === undefined && complaint === undefined ? (original?.destination ?? []) : [];
  const failed = bounce?.bouncedRecipients ?? [];
  return {
    status: {
      reportingMta: bounce?.reportingMTA?.replace(/^\s*\w+\s*;\s*/, '').slice(0, 255) ?? null,
      envelopeId: null,
      recipients: [
        ...failed.map(recipientOf),
        ...delivered.map((address) => ({ ...UNTOLD, address: addressOf(address), action: 'delivered' })),
      ],
    },
    feedback:
      complaint === undefined
        ? null
        : {
            type: (complaint.complaintFeedbackType ?? 'abuse').toLowerCase().slice(0, 40),
            recipients: complaint.complainedRecipients.flatMap(({ emailAddress }) => addressOf(emailAddress) ?? []),
          },
    header: (original?.headers ?? []).map(({ name, value }): Field => [name.toLowerCase(), value]),
  };
}

const UNTOLD = { originalAddress: null, status: null, diagnostic: '' };

function recipientOf({ emailAddress, action, status, diagnosticCode }: v.InferOutput<typeof mailbox>) {
  return {
    address: addressOf(emailAddress),
    originalAddress: null,
    action: action?.toLowerCase() ?? 'failed',
    status: /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(status ?? '')?.[0] ?? null,
    diagnostic: (diagnosticCode ?? '').replace(/^\s*[\w-]{1,20}\s*;\s*/, '').slice(0, 4_000),
  };
}

/** Bare, or behind a name. */
function addressOf(text: string): string | null {
  return cleanAddress(text) ?? addressesIn(text.slice(0, 1_000), 1)[0] ?? null;
}

function notificationIn(told: string): Notification | null {
  const start = told.trimStart();
  if (!start.startsWith('{')) return null;
  // SNS puts a line about unsubscribing below, and mail folds the long line that JSON is.
  const json = start.slice(0, start.lastIndexOf('}') + 1).replace(/\r?\n/g, '');
  const outer = v.safeParse(v.pipe(v.string(), v.parseJson(), envelope), json);
  const inner = v.safeParse(
    v.pipe(v.string(), v.parseJson(), notification),
    outer.success ? outer.output.Message : json,
  );
  if (!inner.success || (inner.output.notificationType ?? inner.output.eventType) === null) return null;
  return inner.output;
}
