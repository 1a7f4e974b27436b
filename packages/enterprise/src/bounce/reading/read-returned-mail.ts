// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { addressesIn, isDaemon } from '../../mail/addresses.ts';
import { type Field, fieldOf, fieldsOf } from '../../mail/fields.ts';
import { type DeliveryStatus, readDeliveryStatus, type StatusOfRecipient } from './delivery-status.ts';
import { type Diagnosis, diagnose } from './diagnose.ts';
import { type Feedback, readFeedback } from './feedback.ts';
import { isBounce, otherKindOf, type Signs, signsOf } from './mail-kind.ts';
import { type MailParts, takeApart } from './mail-parts.ts';
import { linesAbout, type NamedRecipient, namedRecipients, splitOriginal } from './named-recipients.ts';
import { originalFields, originalOf } from './original-mail.ts';
import type {
  NoBounce,
  OriginalMail,
  ReadReturnedMail,
  ReturnedMail,
  ReturnedRecipient,
} from './returned-mail.types.ts';
import { readSesNotification } from './ses-notification.ts';

/** All that the steps below look at. */
interface Material {
  readonly mail: MailParts;
  /** The server's own words. */
  readonly own: string;
  readonly below: string | null;
  readonly originalHeader: readonly Field[];
  readonly status: DeliveryStatus;
  readonly feedback: Feedback | 'report' | null;
  readonly original: OriginalMail;
}

/** Words of a report that are looked at where a recipient's own say nothing. */
const CONTEXT_CHARACTERS = 4_000;

/**
 * Read a mail that came back: a bounce with one verdict a recipient, a delay, a complaint, or something else. Standard
 * reports are read by their RFCs, all others by rules kept as data beside this file.
 *
 * @see RFC 3462, RFC 3464, RFC 3834, RFC 5965, RFC 6522, RFC 6533, RFC 8098
 */
export const readReturnedMail: ReadReturnedMail = async (raw) => {
  const material = gather(await takeApart(raw));
  return byForm(material) ?? byStatus(material) ?? byWords(material);
};

function gather(mail: MailParts): Material {
  const { own, original: below } = splitOriginal(mail.text);
  const ses = readSesNotification(mail);
  const originalHeader = ses?.header ?? originalFields(mail.parts, below);
  const status = ses?.status ?? readDeliveryStatus(statusText(mail));
  const feedback = ses === null ? readFeedback(mail, originalHeader) : ses.feedback;
  const original = originalOf(mail, originalHeader, status.envelopeId);
  // JSON is nobody's words.
  return { mail, own: ses === null ? own : '', below, originalHeader, status, feedback, original };
}

/** Of its own part; of the words where a broken mail carries it there. */
function statusText({ parts, text }: MailParts): string {
  const own = parts.filter(
    ({ type }) => type === 'message/delivery-status' || type === 'message/global-delivery-status',
  );
  if (own.length > 0) return own.map((part) => part.text).join('\n\n');
  const at = /^(?:Reporting-MTA|(?:Final|Original)-Recipient):/im.exec(text);
  return at !== null && /^Action:|^Status:/im.test(text) ? text.slice(at.index) : '';
}

/** Feedback, receipts and reports have a form of their own. */
function byForm({ mail, feedback, original }: Material): ReturnedMail | null {
  if (feedback === 'report') return { kind: 'report', original };
  if (feedback !== null)
    return { kind: 'complaint', feedbackType: feedback.type, recipients: feedback.recipients, original };
  const other = otherKindOf(mail);
  return other === 'mdn' || other === 'report' ? { kind: other, original } : null;
}

/** A delivery status says what it is. */
function byStatus(material: Material): ReturnedMail | null {
  const { status, original } = material;
  const failed = status.recipients.filter((each) => actionOf(each) === 'failed');
  const delayed = status.recipients.filter((each) => actionOf(each) === 'delayed');
  const bad = failed.length > 0 ? failed : delayed;
  if (bad.length === 0) return status.recipients.some(isFine) ? { kind: 'success-dsn', original } : null;
  const action = failed.length > 0 ? 'failed' : 'delayed';
  const named = namedIn(material);
  const recipients = bad.flatMap((each) => fromStatus(each, action, named, material));
  const first = bad[0];
  const summary =
    recipients[0] ??
    diagnose({ action, status: first?.status ?? null, diagnostic: first?.diagnostic ?? '', context: material.own });
  return report(action, unique(recipients), summary, material);
}

function fromStatus(
  each: StatusOfRecipient,
  action: 'failed' | 'delayed',
  named: readonly NamedRecipient[],
  { own, status }: Material,
): ReturnedRecipient[] {
  const address = each.address ?? named[0]?.address ?? null;
  if (address === null) return [];
  const spoken = named.find((other) => other.address.toLowerCase() === address.toLowerCase())?.diagnostic;
  const diagnostic = each.diagnostic === '' ? (spoken ?? '') : each.diagnostic;
  const said = status.recipients.length > 1 ? linesAbout(address, own) : own;
  const context = (spoken ?? said).slice(0, CONTEXT_CHARACTERS);
  return [
    {
      address,
      originalAddress: each.originalAddress,
      ...diagnose({ action, status: each.status, diagnostic, context }),
    },
  ];
}

function actionOf({ action, status }: StatusOfRecipient): 'failed' | 'delayed' | 'fine' | null {
  if (action === 'failed' || action === 'failure' || action === 'fail' || action === 'error') return 'failed';
  if (action === 'delayed' || action === 'delay') return 'delayed';
  if (action === 'delivered' || action === 'relayed' || action === 'expanded') return 'fine';
  if (status === null) return null;
  return status.startsWith('2') ? 'fine' : 'failed';
}

function isFine(each: StatusOfRecipient): boolean {
  return actionOf(each) === 'fine';
}

/** Everything else is told by its words. */
function byWords(material: Material): ReturnedMail {
  const { mail, own, below, original } = material;
  const signs = signsOf(mail, own, below);
  const named = namedIn(material);
  const other = otherKindOf(mail);
  const no = noBounceKind(other, signs, named.length > 0);
  if (no !== null) return { kind: no === 'other' && isAutomatic(mail) ? 'autoreply' : no, original };
  const action = signs.isDelay ? 'delayed' : 'failed';
  const context = own.slice(0, CONTEXT_CHARACTERS);
  const recipients = named.map(({ address, diagnostic }) => ({
    address,
    originalAddress: null,
    ...diagnose({
      action,
      status: null,
      diagnostic,
      context: (named.length > 1 && linesAbout(address, own).slice(0, CONTEXT_CHARACTERS)) || context,
    }),
  }));
  const summary = recipients[0] ?? diagnose({ action, status: null, diagnostic: '', context });
  return report(action, recipients, summary, material);
}

/** What a mail without a delivery status is, if it is no bounce. */
function noBounceKind(other: ReturnType<typeof otherKindOf>, signs: Signs, isNamed: boolean): NoBounce['kind'] | null {
  if (other === 'list') return 'other';
  // A bounce of an answering machine's mail quotes its subject.
  if (other === 'autoreply' && !signs.hasFailedField && !(signs.isDaemon && signs.hasSubject)) return 'autoreply';
  if (other === 'challenge' && !signs.isDaemon) return 'challenge';
  if (!isBounce(signs, isNamed)) return other ?? 'other';
  return signs.isSuccess ? 'success-dsn' : null;
}

function isAutomatic({ fields }: MailParts): boolean {
  return /^auto-replied/i.test(fieldOf(fields, 'auto-submitted') ?? '');
}

/** Whom the words name: by the header field that Exim and Gmail write, by the lines, or as all whom the original went to. */
function namedIn({ mail, own, originalHeader }: Material): NamedRecipient[] {
  const failed = fieldsOf(mail.fields, 'x-failed-recipients').flatMap((value) => addressesIn(value));
  const named = namedRecipients(own, writers(mail, originalHeader));
  if (failed.length > 0) return failed.map((address) => ({ address, diagnostic: sayingOf(address, named) ?? '' }));
  if (named.length > 0) return named;
  const addressed = addressesIn(fieldOf(originalHeader, 'to') ?? '', 3);
  return addressed.length === 1 ? addressed.map((address) => ({ address, diagnostic: '' })) : [];
}

function sayingOf(address: string, named: readonly NamedRecipient[]): string | null {
  return named.find((each) => each.address.toLowerCase() === address.toLowerCase())?.diagnostic ?? null;
}

/** Who writes this mail, and to whom: those did not fail. Unless the original went to them. */
function writers(mail: MailParts, originalHeader: readonly Field[]): ReadonlySet<string> {
  const own = ['from', 'to', 'sender', 'reply-to', 'delivered-to'].flatMap((name) =>
    addressesIn(fieldOf(mail.fields, name) ?? ''),
  );
  const meant = addressesIn(fieldOf(originalHeader, 'to') ?? '').map((each) => each.toLowerCase());
  return new Set(own.map((each) => each.toLowerCase()).filter((each) => isDaemon(each) || !meant.includes(each)));
}

function unique(recipients: readonly ReturnedRecipient[]): ReturnedRecipient[] {
  return [...new Map(recipients.map((each) => [each.address.toLowerCase(), each])).values()];
}

function report(
  action: 'failed' | 'delayed',
  recipients: readonly ReturnedRecipient[],
  summary: Diagnosis,
  { original, status }: Material,
): ReturnedMail {
  const { status: code, replyCode, reason, reasonClass, permanence, addressDead } = summary;
  return {
    kind: action === 'failed' ? 'bounce' : 'delay',
    recipients,
    summary: { action, status: code, replyCode, reason, reasonClass, permanence, addressDead },
    original,
    reportingMta: status.reportingMta,
  };
}
