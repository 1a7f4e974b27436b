// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AddressField, HeaderAddresses } from '@mail-proxy/core';

/** What the rules are about. */
export interface CheckedPecMail {
  /** Reverse paths, each once; empty for the null sender. */
  readonly returnPaths: readonly string[];
  /** Envelope recipients. */
  readonly to: readonly string[];
  readonly header: HeaderAddresses;
  /** Of the message in all, some of whom may not be among `to`. */
  readonly recipients: number;
  /** Size of the message in octets, as far as it is known. */
  readonly octets: number;
}

interface PecProblem {
  /** `content` is the body with its files. */
  readonly field: AddressField | 'return_path' | 'content';
  /** What was expected. */
  readonly message: string;
}

/**
 * Octets of a message, times its recipients, that every provider has to take: thirty megabytes by article 12 (2) (b) of the
 * Italian decree of 2 November 2005 (Gazzetta Ufficiale of 15 November 2005, 05A10742), which RFC 6109 §3.1.1 repeats. A
 * megabyte is taken for 2^20 octets, as mail servers count: where a provider takes less, its notice says so.
 */
export const MAX_OCTETS_BY_RECIPIENTS = 30 * 1_048_576;

/** Addresses that a problem names at most. */
const MAX_NAMED = 3;

/**
 * Hold a mail against what a provider of certified mail checks before it takes one. What breaks these rules comes back as
 * not accepted, whoever it was for.
 *
 * @see RFC 6109 §3.1.1
 */
export function checkPecMail(mail: CheckedPecMail): readonly PecProblem[] {
  const unreadable = [...new Set(mail.header.unreadable)].map(
    (field): PecProblem => ({ field, message: 'expected addresses that can be read' }),
  );
  return [...unreadable, ...senderProblems(mail), ...recipientProblems(mail), ...sizeProblems(mail)];
}

/** One author, who is the sender of the envelope, too. */
function senderProblems({ returnPaths, header }: CheckedPecMail): readonly PecProblem[] {
  const problems: PecProblem[] = [];
  const [from, ...others] = header.from;
  if (from === undefined || others.length > 0) {
    if (header.unreadable.includes('from')) return [];
    return [{ field: 'from', message: `expected one address, got ${header.from.length}` }];
  }
  const sender = without(header.sender, [from]);
  if (sender.length > 0)
    problems.push({ field: 'sender', message: `expected nobody but ${from}, got ${named(sender)}` });
  const paths = without(returnPaths, [from]).map((path) => (path === '' ? 'the null sender' : path));
  if (paths.length > 0) {
    problems.push({ field: 'return_path', message: `expected the address of From, ${from}, got ${named(paths)}` });
  }
  return problems;
}

/** Those of To and Cc, all of them and nobody else. */
function recipientProblems({ to, header, recipients }: CheckedPecMail): readonly PecProblem[] {
  const problems: PecProblem[] = [];
  if (header.bcc.length > 0)
    problems.push({ field: 'bcc', message: 'expected none: certified mail has no blind copies' });
  if (header.to.length === 0 && !header.unreadable.includes('to')) {
    problems.push({ field: 'to', message: 'expected at least one recipient in To' });
  }
  if (header.unreadable.includes('to') || header.unreadable.includes('cc')) return problems;
  const shown = [...header.to, ...header.cc];
  const hidden = without(to, [...shown, ...header.bcc]);
  if (hidden.length > 0) {
    problems.push({ field: 'to', message: `expected only recipients of To and Cc, got ${named(hidden)}` });
  }
  if (to.length < recipients) {
    const left = `${to.length} of ${recipients} are left to be served`;
    problems.push({ field: 'to', message: `expected all recipients at once, as To and Cc name them: ${left}` });
    return problems;
  }
  const missing = without(shown, to);
  if (missing.length > 0) {
    problems.push({ field: 'to', message: `expected all recipients of To and Cc, ${named(missing)} is missing` });
  }
  return problems;
}

function sizeProblems({ octets, recipients }: CheckedPecMail): readonly PecProblem[] {
  if (octets * recipients <= MAX_OCTETS_BY_RECIPIENTS) return [];
  const most = `at most ${MAX_OCTETS_BY_RECIPIENTS} bytes times recipients`;
  return [{ field: 'content', message: `expected ${most}, got ${octets} times ${recipients}` }];
}

/** Those addresses that are not among the others, whichever case they are written in. */
function without(addresses: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others.map((address) => address.toLowerCase()));
  return addresses.filter((address) => !known.has(address.toLowerCase()));
}

function named(addresses: readonly string[]): string {
  const more = addresses.length - MAX_NAMED;
  return addresses.slice(0, MAX_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
