// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { wordsOf } from '@mail-proxy/core';
import { type Field, fieldOf } from '../../mail/fields.ts';
import {
  AUTOREPLY_SUBJECTS,
  BOUNCE_PHRASES,
  BOUNCE_SUBJECTS,
  CHALLENGE_PHRASES,
  DAEMON_ADDRESS,
  DAEMON_SENDERS,
  DELAY_PHRASES,
  DELAY_SUBJECTS,
  FAILED_PHRASES,
  LIST_SUBJECTS,
  SUCCESS_PHRASES,
  SUCCESS_SUBJECTS,
} from './bounce-rules.ts';
import type { MailParts } from './mail-parts.ts';

/** What speaks for a bounce in a mail that has no delivery status. */
export interface Signs {
  /** A mail server writes, going by its address or name, or by the empty return path. */
  readonly isDaemon: boolean;
  /** By its address, which spammers who call themselves a mail system seldom have. */
  readonly hasDaemonAddress: boolean;
  readonly hasSubject: boolean;
  readonly hasPhrase: boolean;
  /** It says right away who could not be reached. */
  readonly namesFailure: boolean;
  /** Exim and Gmail name the recipients in the header. */
  readonly hasFailedField: boolean;
  /** The original comes back, as a part or below a mark. */
  readonly hasOriginal: boolean;
  readonly isDelay: boolean;
  /** It reports that somebody got the mail, and of no failure. */
  readonly isSuccess: boolean;
}

/** Characters of a server's own words within which it says what it is about. */
const OPENING_CHARACTERS = 2_000;

export function signsOf({ fields, parts }: MailParts, own: string, original: string | null): Signs {
  const subject = wordsOf(fieldOf(fields, 'subject') ?? '').trim();
  const words = wordsOf(own.slice(0, OPENING_CHARACTERS));
  const sender = senderOf(fields);
  const says = (patterns: readonly RegExp[], text: string) => patterns.some((pattern) => pattern.test(text));
  const isLate = says(DELAY_PHRASES, words) || (DELAY_SUBJECTS.test(subject) && !says(FAILED_PHRASES, words));
  return {
    isDaemon: says(DAEMON_SENDERS, sender),
    hasDaemonAddress: DAEMON_ADDRESS.test(sender),
    hasSubject: says(BOUNCE_SUBJECTS, subject) && !isAnswer(fields, subject),
    hasPhrase: says(BOUNCE_PHRASES, words) || isLate,
    namesFailure:
      !isAnswer(fields, subject) && /(?:not|cannot) (?:be )?(?:delivered|reach) to:? ?<?\S{1,64}@/.test(words),
    hasFailedField: fieldOf(fields, 'x-failed-recipients') !== null,
    hasOriginal: original !== null || parts.some(({ type }) => /^(?:message\/|text\/rfc822)/.test(type)),
    isSuccess: isSuccess(subject, words),
    isDelay: isLate && !/permanent (?:fatal )?error|i've given up|failed permanently/.test(words),
  };
}

/** Quoted codes and "not" tell that somebody did not. */
function isSuccess(subject: string, words: string): boolean {
  if (
    FAILED_PHRASES.some((phrase) => phrase.test(words)) ||
    /\b[45]\d\d[ -]|\bnot\b|n't\b|\bun(?:success|able)/.test(words)
  )
    return false;
  return SUCCESS_SUBJECTS.test(subject) || SUCCESS_PHRASES.test(words);
}

/** Somebody answers a bounce, or asks what it means. */
function isAnswer(fields: readonly Field[], subject: string): boolean {
  return (
    /^(?:re|aw|sv|antw|fwd?|wg|tr|rv)\s*:/.test(subject) &&
    (fieldOf(fields, 'in-reply-to') ?? fieldOf(fields, 'references')) !== null
  );
}

/** Whether the signs make a bounce, given that somebody is named who failed. */
export function isBounce(signs: Signs, hasRecipient: boolean): boolean {
  const { isDaemon, hasDaemonAddress, hasSubject, hasPhrase, namesFailure, hasFailedField, hasOriginal } = signs;
  if (hasFailedField) return isDaemon || hasSubject || hasPhrase;
  if (isDaemon && hasOriginal) return hasPhrase || hasRecipient;
  if (hasDaemonAddress && hasSubject) return hasPhrase || hasRecipient;
  if (isDaemon) return hasPhrase && hasRecipient;
  if (namesFailure && hasOriginal) return true;
  return hasSubject && hasPhrase && (hasRecipient || hasOriginal);
}

/** What a mail is that is no bounce, and says so by header or form. Null where nothing tells. */
export function otherKindOf(mail: MailParts): 'mdn' | 'report' | 'list' | 'challenge' | 'autoreply' | null {
  const { fields, parts, contentType, text } = mail;
  const subject = wordsOf(fieldOf(fields, 'subject') ?? '').trim();
  if (/report-type="?disposition-notification/.test(contentType) || parts.some(({ type }) => isMdn(type))) return 'mdn';
  if (/report-type="?tlsrpt/.test(contentType) || isReport(subject, mail)) return 'report';
  if (LIST_SUBJECTS.test(subject)) return 'list';
  if (isAutoreply(fields, subject)) return 'autoreply';
  const opening = wordsOf(text.slice(0, OPENING_CHARACTERS));
  return CHALLENGE_PHRASES.some((phrase) => phrase.test(opening)) ? 'challenge' : null;
}

function isMdn(type: string): boolean {
  return type === 'message/disposition-notification';
}

/** RFC 7489 §7.2.1.1, RFC 8460 §5.3: the subject's form, or the file's name `receiver!domain!begin!end`. */
function isReport(subject: string, { parts }: MailParts): boolean {
  if (/^(?:fwd?: ?)?\[?(?:preview\]? ?)?report domain:/.test(subject)) return true;
  return parts.some(
    ({ type, filename }) => type.startsWith('application/tlsrpt') || /^[^!]+![^!]+!\d+!\d+/.test(filename ?? ''),
  );
}

/** RFC 3834 §5, and what answering machines do without it. */
function isAutoreply(fields: readonly Field[], subject: string): boolean {
  if (AUTOREPLY_SUBJECTS.some((pattern) => pattern.test(subject))) return true;
  if (/auto[-_]?reply/i.test(fieldOf(fields, 'precedence') ?? '')) return true;
  if (
    ['x-autoreply', 'x-autorespond', 'x-autoresponder', 'x-auto-reply-from'].some(
      (name) => fieldOf(fields, name) !== null,
    )
  )
    return true;
  return (
    /vacation/i.test(fieldOf(fields, 'auto-submitted') ?? '') || /vacation/i.test(fieldOf(fields, 'x-mailer') ?? '')
  );
}

/** Address and name of the writer, in lower case; the empty return path counts as one. */
function senderOf(fields: readonly Field[]): string {
  const from = fieldOf(fields, 'from');
  if (from === null) return (fieldOf(fields, 'return-path') ?? 'nobody').toLowerCase();
  return from.trim().toLowerCase();
}
