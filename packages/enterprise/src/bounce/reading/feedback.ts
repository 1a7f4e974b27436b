// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { addressesIn, cleanAddress } from '../../mail/addresses.ts';
import { type Field, fieldOf, fieldsOf, readFields } from '../../mail/fields.ts';
import type { MailParts } from './mail-parts.ts';

/** What a feedback report says (RFC 5965), or a provider's own form of one. */
export interface Feedback {
  readonly type: string;
  readonly recipients: readonly string[];
}

/** Types that say that somebody complained; `auth-failure` (RFC 6591) and `not-spam` are no complaint. */
const COMPLAINTS = /^(?:abuse|fraud|virus|other|opt-out|opt-out-list|miscategorized|complaint)/;

/** Read a complaint; `report` for feedback that is none, null for a mail that is no feedback. */
export function readFeedback(mail: MailParts, original: readonly Field[]): Feedback | 'report' | null {
  const part = mail.parts.find(({ type }) => type === 'message/feedback-report');
  if (part !== undefined) return fromReport(readFields(part.text), original);
  if (/report-type="?feedback-report/.test(mail.contentType) || fieldOf(mail.fields, 'x-loop') === 'scomp')
    return fromReport(readFields(mail.text), original);
  return fromHotmail(original);
}

function fromReport(fields: readonly Field[], original: readonly Field[]): Feedback | 'report' {
  const type = (fieldOf(fields, 'feedback-type') ?? 'abuse').toLowerCase().slice(0, 40);
  if (!COMPLAINTS.test(type)) return 'report';
  const named = ['original-rcpt-to', 'removal-recipient'].flatMap((name) => fieldsOf(fields, name));
  const recipients = named.map(cleanAddress).filter((address) => address !== null);
  return { type, recipients: recipients.length > 0 ? recipients : addressedIn(original) };
}

/** Outlook.com's junk reports are the mail itself with a field that names who complained. */
function fromHotmail(original: readonly Field[]): Feedback | null {
  const recipient = fieldOf(original, 'x-hmxmroriginalrecipient');
  if (recipient === null) return null;
  const address = cleanAddress(recipient);
  return { type: 'abuse', recipients: address === null ? [] : [address] };
}

function addressedIn(original: readonly Field[]): string[] {
  return addressesIn(fieldOf(original, 'to') ?? '', 2);
}
