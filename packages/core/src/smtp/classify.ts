// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Classification, ReplyRule } from './classification.types.ts';
import { BASE_VERDICTS, FAULT_VERDICTS, PATH_LATER, REPLY_RULES } from './classification-rules.ts';
import type { SmtpFaultRecord, SmtpReply, SmtpStage } from './reply.ts';
import type { SmtpConnectError } from './session.types.ts';

/** What decides; the text never does. */
type Coded = Pick<SmtpReply, 'code' | 'enhanced'>;

/**
 * Classify a reply that was no success. Total: any number is taken, and what is no 5xx is temporary. Decides by code,
 * enhanced status and stage, never by text. `rules` (a tenant's own) are asked before the built-in ones.
 *
 * Two things no rule changes: before MAIL nothing was said about the mail, and an account at fault is put right by a
 * person, so that both are temporary.
 *
 * @see RFC 5321 §4.2, RFC 3463, RFC 5248, RFC 2034
 */
export function classifyReply(reply: Coded, stage: SmtpStage, rules: readonly ReplyRule[] = []): Classification {
  const codeClass = classOf(reply.code);
  const status = statusOf(reply.enhanced, codeClass);
  const matches = (rule: ReplyRule): boolean => isMatch(rule, reply.code, status, stage);
  const rule = rules.find(matches) ?? REPLY_RULES.find(matches);
  const verdict = rule?.verdict ?? BASE_VERDICTS[stage];
  if (verdict === 'account' || BEFORE_MAIL.has(stage)) return { permanence: 'temporary', verdict };
  return { permanence: rule?.permanence ?? (codeClass === 5 ? 'permanent' : 'temporary'), verdict };
}

/** Classify a failure that is no reply: always temporary, for nothing was said about the mail. */
export function classifyFault(fault: Pick<SmtpFaultRecord, 'kind' | 'stage'>): Classification {
  return FAULT_VERDICTS[fault.kind] ?? PATH_LATER;
}

/** Classify why a session could not be opened: by the reply, where one was given. */
export function classifyConnectError(error: SmtpConnectError, rules: readonly ReplyRule[] = []): Classification {
  return error.reply === null ? classifyFault(error.fault) : classifyReply(error.reply, error.fault.stage, rules);
}

/**
 * Whether the relay takes no further recipient in this transaction: the refused one, and what follows, goes in another
 * one at once. A bare 452 counts, for older relays say it so; as it may also mean a full disk, whoever goes on must
 * stop at a transaction that takes nobody.
 *
 * @see RFC 5321 §4.5.3.1.10
 */
export function isTooManyRecipients(reply: Coded, stage: SmtpStage): boolean {
  if (stage !== 'rcpt' || classifyReply(reply, stage).verdict !== 'recipient') return false;
  const status = statusOf(reply.enhanced, classOf(reply.code));
  return status === null ? reply.code === 452 : status.includes('x.5.3');
}

/** Whether the relay closes the connection with this reply, so that nothing more can be sent over it (RFC 5321 §3.8). */
export function isClosing(reply: Pick<SmtpReply, 'code'>): boolean {
  return reply.code === 421;
}

const BEFORE_MAIL: ReadonlySet<SmtpStage> = new Set(['connect', 'greeting', 'ehlo', 'starttls', 'auth']);

function classOf(code: number): number {
  return Math.floor(code / 100);
}

/**
 * How rules may name an enhanced status: `x.7`, `x.7.1`, `5.7`, `5.7.1`. One of another class than the reply's says
 * nothing (RFC 2034 §4).
 */
function statusOf(enhanced: string | null, codeClass: number): readonly string[] | null {
  const match = enhanced === null ? null : /^(\d)\.(\d{1,3})\.(\d{1,3})$/.exec(enhanced);
  if (match === null || Number(match[1]) !== codeClass) return null;
  const [, first, subject, detail] = match;
  return [`x.${subject}`, `x.${subject}.${detail}`, `${first}.${subject}`, `${first}.${subject}.${detail}`];
}

function isMatch(rule: ReplyRule, code: number, status: readonly string[] | null, stage: SmtpStage): boolean {
  if (rule.stages !== undefined && !rule.stages.includes(stage)) return false;
  if (rule.class !== undefined && rule.class !== classOf(code)) return false;
  if (rule.codes !== undefined && !rule.codes.includes(code)) return false;
  return rule.status === undefined || (status?.some((each) => rule.status?.includes(each)) ?? false);
}
