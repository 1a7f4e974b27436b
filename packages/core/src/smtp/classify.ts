// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Classification } from './classification.types.ts';
import { BASE_VERDICTS, FAULT_VERDICTS, PATH_LATER, REPLY_RULES, type ReplyRule } from './classification-rules.ts';
import type { SmtpFaultRecord, SmtpReply, SmtpStage } from './reply.ts';
import type { SmtpConnectError } from './session.types.ts';

export type { Classification };

/**
 * Classify a reply that was no success. Total: any number is taken, and what is no 5xx is temporary. Decides by code,
 * enhanced status and stage, never by text.
 *
 * @see RFC 5321 §4.2, RFC 3463, RFC 5248
 */
export function classifyReply(reply: Pick<SmtpReply, 'code' | 'enhanced'>, stage: SmtpStage): Classification {
  const codeClass = Math.floor(reply.code / 100);
  const status = statusOf(reply.enhanced, codeClass);
  const rule = REPLY_RULES.find((each) => isMatch(each, reply.code, status, stage));
  const permanence = rule?.permanence ?? (codeClass === 5 ? 'permanent' : 'temporary');
  return { permanence, verdict: rule?.verdict ?? BASE_VERDICTS[stage] };
}

/** Classify a failure that is no reply: always temporary, for nothing was said about the mail. */
export function classifyFault(fault: Pick<SmtpFaultRecord, 'kind' | 'stage'>): Classification {
  return FAULT_VERDICTS[fault.kind] ?? PATH_LATER;
}

/** Classify why a session could not be opened: by the reply, where one was given. */
export function classifyConnectError(error: SmtpConnectError): Classification {
  return error.reply === null ? classifyFault(error.fault) : classifyReply(error.reply, error.fault.stage);
}

interface Status {
  /** As `x.7`. */
  readonly subject: string;
  /** As `x.7.1`. */
  readonly detail: string;
}

/** An enhanced status of another class than the reply's says nothing (RFC 2034 §4). */
function statusOf(enhanced: string | null, codeClass: number): Status | null {
  const match = enhanced === null ? null : /^(\d)\.(\d{1,3})\.(\d{1,3})$/.exec(enhanced);
  if (match === null || Number(match[1]) !== codeClass) return null;
  return { subject: `x.${match[2]}`, detail: `x.${match[2]}.${match[3]}` };
}

function isMatch(rule: ReplyRule, code: number, status: Status | null, stage: SmtpStage): boolean {
  if (rule.stages !== undefined && !rule.stages.includes(stage)) return false;
  if (rule.class !== undefined && rule.class !== Math.floor(code / 100)) return false;
  if (rule.codes !== undefined && !rule.codes.includes(code)) return false;
  if (rule.status === undefined) return true;
  return status !== null && (rule.status.includes(status.detail) || rule.status.includes(status.subject));
}
