// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { addressDead, isDeadReason, reasonOf, wordsOf } from '@mail-proxy/core';
import { oneLine } from '../../mail/one-line.ts';
import type { ReturnedRecipient } from './returned-mail.types.ts';

/** What is said of one recipient, gathered from all over a mail. */
export interface Saying {
  readonly action: 'failed' | 'delayed';
  /** `Status` of a delivery status. */
  readonly status: string | null;
  /** `Diagnostic-Code`, or the lines below an address. */
  readonly diagnostic: string;
  /** The whole of the server's words, asked where the diagnostic says nothing. */
  readonly context: string;
}

export type Diagnosis = Omit<ReturnedRecipient, 'address' | 'originalAddress'>;

const STATUS = /(?:^|[^\d.])([45]\.\d{1,2}\.\d{1,3})(?![\d.]*\d)/;
const CODE = /(?:^|[\s:;,(<["#=-])([45][0-5]\d)(?:[\s:;,)>\]#=-]|$)/;
/** Amazon SES puts its own guess before what was said. */
const SES_PREFACE = /^[45]\.\d\.\d - [^"'<>]{1,60} (?=[45]\d\d-['"])/;
/** Where a code is quoted as such, it need not stand alone. */
const NAMED_CODE =
  /(?:smtp error(?: code)?|error code|error_code ?:?|said|says|returned|response|reply|replied|responded|with|status|code|data|rcpt[^:]{0,40}|<<<)[:\s]{1,3}"?'?([45][0-5]\d)\b/i;

/** Make one verdict of what is said of a recipient. */
export function diagnose(saying: Saying): Diagnosis {
  const own = saying.diagnostic.trim();
  // Below an address stand its troubles, or things about the mail; those say nothing.
  const isTelling = statusIn(own) !== null || codeIn(own) !== null;
  const words = isTelling ? own : `${own}\n${saying.context}`;
  const status = chooseStatus(saying.status, statusIn(words));
  const replyCode = codeIn(words);
  const refusal = { code: replyCode, enhanced: status, text: withoutAddresses(words.replace(SES_PREFACE, '')) };
  const said = reasonOf(refusal);
  const reasonClass =
    said === 'unknown' && isTelling ? reasonOf({ ...refusal, text: withoutAddresses(saying.context) }) : said;
  const permanence = saying.action === 'delayed' ? 'temporary' : permanenceOf(status, replyCode, words);
  const stage = stageOf(saying);
  return {
    action: saying.action,
    status,
    replyCode,
    reason: oneLine(own === '' ? saying.context : own),
    reasonClass:
      stage === 'mail' && (reasonClass === 'unknown' || isDeadReason(reasonClass)) ? 'sender_rejected' : reasonClass,
    permanence,
    addressDead:
      permanence === 'permanent' &&
      mayCondemn(stage, status, words) &&
      // What a report as a whole calls permanent is, though nobody quotes a code.
      addressDead({ ...refusal, code: replyCode ?? (status === null ? 550 : null) }, reasonClass),
  };
}

/** A status that says something beats one that does not; the other side's own beats what the reporting host made of it. */
function chooseStatus(reported: string | null, quoted: string | null): string | null {
  if (quoted === null || (isVague(quoted) && reported !== null)) return reported;
  return quoted;
}

function isVague(status: string): boolean {
  return status.endsWith('.0.0');
}

function permanenceOf(status: string | null, code: number | null, words: string): 'permanent' | 'temporary' {
  const first = status !== null ? status[0] : code !== null ? String(code)[0] : null;
  if (first !== null) return first === '4' ? 'temporary' : 'permanent';
  return /temporar|transient|vorubergehend|temporaire/.test(wordsOf(words)) ? 'temporary' : 'permanent';
}

/**
 * An answer to MAIL is about the sender. One to DATA is about all recipients at once (RFC 5321 §3.3) unless its status says
 * that it is about an address, or its words cannot mean anything else: with pipelining, sendmail logs the answer to RCPT
 * below DATA.
 */
function mayCondemn(stage: 'mail' | 'data' | null, status: string | null, words: string): boolean {
  if (stage !== 'data') return stage === null;
  return /^5\.1\./.test(status ?? '') || /n't have an? \S{1,80} account|no mailbox|not exist/i.test(words);
}

/**
 * At which command it was refused, where the words tell.
 */
function stageOf({ diagnostic, context }: Saying): 'mail' | 'data' | null {
  const words = wordsOf(`${diagnostic} ${context}`);
  if (/in reply to mail from|after mail from|smtp command mail|>>> mail from:\S* <<< 5/.test(words)) return 'mail';
  return /in reply to (?:end of )?data|smtp command data|after (?:end of )?data|\[data\]|our final data|>>> data <<</.test(
    words,
  )
    ? 'data'
    : null;
}

/** Local parts such as `user-unknown@` are no reason. */
function withoutAddresses(text: string): string {
  return text.replace(/(?<=[<\s(:;,]|^)[^\s<>@(]{1,64}@[^\s<>@):;,]{1,255}/gu, 'a@b');
}

/** The one that stands beside a code is the other side's; the last of several is the one that was quoted first. */
function statusIn(text: string): string | null {
  const words = text.slice(0, 4_000);
  const nested = /<([45]\d\d) ([45]\.\d{1,3}\.\d{1,3}) /.exec(words)?.[2];
  if (nested !== undefined) return nested;
  const beside = [...words.matchAll(/\b[45]\d\d[- ]['"]?#?([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)/g)];
  const all = [...beside, ...words.matchAll(new RegExp(STATUS, 'g'))].map(([, status]) => status ?? '');
  return all.find((status) => !isVague(status)) ?? all[0] ?? null;
}

function codeIn(text: string): number | null {
  const words = text.slice(0, 4_000);
  const found = NAMED_CODE.exec(words)?.[1] ?? CODE.exec(words)?.[1];
  return found === undefined ? null : Number(found);
}
