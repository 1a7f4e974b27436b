// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import { decodePunycode } from './nodemailer-primitives.ts';

export type DomainResult =
  | { readonly ok: true; readonly domain: string }
  | { readonly ok: false; readonly reason: string };

const NON_ASCII = /[\u0080-\uffff]/;
/** RFC 1035 §2.3.1 as relaxed by RFC 1123 §2.1: letters, digits, hyphens inside, 63 octets. */
const LDH_LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** RFC 1035 §2.3.4: 255 octets on the wire, which is 253 characters without the root's dot. */
const MAX_DOMAIN = 253;

/**
 * Read the part of an address after its `@` and give it in ASCII.
 *
 * - Letters, digits and hyphens only (RFC 5321 §4.1.2): no underscore, no empty label, no dot at the end.
 * - A single label is accepted (`root@mailhost`): relays on private networks know such names.
 * - An address literal is accepted if it is IPv4 or IPv6 (RFC 5321 §4.1.3); other literals are refused.
 * - An ASCII name is returned as it was given. A name with other characters is converted by IDNA, and refused
 *   when that maps more than upper to lower case (full-width forms, ignored characters, digits that would turn into
 *   an IP address): the mail would go to a domain other than the one that was written.
 */
export function parseDomain(text: string): DomainResult {
  if (text.startsWith('[')) return parseAddressLiteral(text);
  const ascii = NON_ASCII.test(text) ? internationalToAscii(text) : text;
  if (ascii === null) return refuse('the domain is not a valid international domain name in its normal form');
  if (ascii === '') return refuse('the domain is missing');
  if (ascii.length > MAX_DOMAIN) return refuse(`the domain is longer than ${MAX_DOMAIN} characters`);
  for (const label of ascii.split('.')) {
    const problem = labelProblem(label);
    if (problem !== null) return refuse(problem);
  }
  return { ok: true, domain: ascii };
}

function parseAddressLiteral(text: string): DomainResult {
  const inner = text.endsWith(']') ? text.slice(1, -1) : '';
  const isAddress = /^IPv6:/i.test(inner) ? !inner.includes('%') && isIPv6(inner.slice(5)) : isIPv4(inner);
  return isAddress ? { ok: true, domain: text } : refuse('the address literal is neither [IPv4] nor [IPv6:address]');
}

function labelProblem(label: string): string | null {
  if (label === '') return 'the domain has an empty label';
  if (!LDH_LABEL.test(label)) return 'a label of the domain is not 1 to 63 letters, digits and inner hyphens';
  if (label.slice(2, 4) !== '--') return null;
  // RFC 5890 §2.3.1 reserves "--" in places 3 and 4 for A-labels, which hold Punycode.
  if (!/^xn--/i.test(label)) return 'a label of the domain has hyphens in places 3 and 4 and is not an A-label';
  return isPunycode(label.slice(4)) ? null : 'a label of the domain starts with xn-- and is not Punycode';
}

function isPunycode(text: string): boolean {
  try {
    return decodePunycode(text) !== '';
  } catch {
    // The decoder's only way to say no.
    return false;
  }
}

/** The ASCII form, or null where there is none or it stands for another name. */
function internationalToAscii(text: string): string | null {
  // domainToASCII parses a URL host: it decodes %XX and cuts at '/', so ASCII beyond LDH may not reach it.
  if (!/^[A-Za-z0-9.\-\u0080-\u{10ffff}]*$/u.test(text)) return null;
  const ascii = domainToASCII(text);
  const given = text.split('.');
  const labels = ascii.split('.');
  const isSameName = given.length === labels.length && labels.every((label, i) => isSameLabel(given[i] ?? '', label));
  return isSameName ? ascii : null;
}

function isSameLabel(given: string, ascii: string): boolean {
  if (!NON_ASCII.test(given)) return given.toLowerCase() === ascii;
  return ascii.startsWith('xn--') && domainToUnicode(ascii) === given.normalize('NFC').toLowerCase();
}

function refuse(reason: string): DomainResult {
  return { ok: false, reason };
}
