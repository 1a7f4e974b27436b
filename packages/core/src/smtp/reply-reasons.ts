// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MAILBOX_PHRASES } from './reply-phrases/mailbox-phrases.ts';
import type { PhraseRule } from './reply-phrases/phrase-rule.ts';
import { SENDER_PHRASES } from './reply-phrases/sender-phrases.ts';
import { USER_PHRASES } from './reply-phrases/user-phrases.ts';
import { WEAK_PHRASES } from './reply-phrases/weak-phrases.ts';
import type { RefusalWords, ReplyReason } from './reply-reasons.types.ts';
import { REASON_STATUSES } from './reply-statuses.ts';

/** Reasons that say that no mail will ever reach this address, whoever sends it. */
const DEAD: ReadonlySet<ReplyReason> = new Set(['user_unknown', 'moved', 'domain_unknown', 'domain_without_mail']);

/** RFC 3463 §3.2: the sender's address, whatever the words name. */
const SENDER_STATUS = /^[45]\.1\.[78]$/;

/** What is not said of a mailbox that there is, unlike "user unknown". */
const GONE = /no mailbox|not exist|n't exist|inexist|host unknown|deleted|no longer/;

/** RFC 3463 §3.3: disabled, full, message too long for it: about a mailbox that there is. */
const MAILBOX_EXISTS = /^5\.2\.[1-3]$/;

/** What is more telling stands higher: filters quote the words of their victims. */
const TELLING_PHRASES: readonly PhraseRule[] = [...SENDER_PHRASES, ...MAILBOX_PHRASES, ...USER_PHRASES];

/** Relays have sent novels; what matters stands at the beginning. */
const MAX_READ_CHARACTERS = 2_000;

/**
 * Say why a mail was refused, by its words first, as codes are used loosely: a 550 5.1.1 that talks of a rate is about the
 * rate. Total: any text is taken. This informs people and suppression; what becomes of a message is decided by codes
 * alone, see `classifyReply`.
 */
export function reasonOf(refusal: RefusalWords): ReplyReason {
  const words = wordsOf(refusal.text);
  if (SENDER_STATUS.test(refusal.enhanced ?? '')) return 'sender_rejected';
  const rule =
    TELLING_PHRASES.find((each) => isSaid(each, words)) ??
    REASON_STATUSES.find(({ status }) => isStatus(status, refusal)) ??
    WEAK_PHRASES.find((each) => isSaid(each, words));
  return rule?.reason ?? 'unknown';
}

/**
 * Whether a refusal says that the address itself is no good: no such user or domain, moved, or a domain that takes no
 * mail. A full or closed mailbox, spam, policy and whatever is temporary leave it alive. `reason`: where it is known already.
 */
export function addressDead(refusal: RefusalWords, reason: ReplyReason = reasonOf(refusal)): boolean {
  if (!DEAD.has(reason)) return false;
  if (MAILBOX_EXISTS.test(refusal.enhanced ?? '') && !GONE.test(wordsOf(refusal.text))) return false;
  const firstDigit = refusal.code === null ? Number(refusal.enhanced?.[0] ?? 0) : Math.floor(refusal.code / 100);
  return firstDigit === 5;
}

/** Whether a reason stands for an address that is no good, see {@link addressDead}. */
export function isDeadReason(reason: ReplyReason): boolean {
  return DEAD.has(reason);
}

/**
 * Put words into the form in which phrases are written: lower case, without accents, codes, line breaks and typographic
 * quotes.
 */
export function wordsOf(text: string): string {
  return text
    .slice(0, MAX_READ_CHARACTERS)
    .normalize('NFD')
    .replace(/([a-z])[\u0300-\u036f]+/gi, '$1')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\u2018\u2019\u00b4`]/g, "'")
    .replace(/\b[45]\d\d[- ]#?[45]\.\d{1,3}\.\d{1,3}\b|\b[45]\d\d-(?=[a-z\d])/g, ' ')
    .replace(/\s+/g, ' ');
}

function isSaid(rule: PhraseRule, words: string): boolean {
  if (rule.not?.some((phrase) => words.includes(phrase))) return false;
  return rule.says.some((phrase) => (typeof phrase === 'string' ? words.includes(phrase) : phrase.test(words)));
}

/** A status of `x.1.1` fits both classes; a code stands for replies without status. */
function isStatus(pattern: string, { code, enhanced }: RefusalWords): boolean {
  if (/^\d{3}$/.test(pattern)) return (enhanced === null || /^\d\.0\.0$/.test(enhanced)) && code === Number(pattern);
  if (enhanced === null) return false;
  return pattern.startsWith('x.') ? enhanced.slice(2) === pattern.slice(2) : enhanced === pattern;
}
