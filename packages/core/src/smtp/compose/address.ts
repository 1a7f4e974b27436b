// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { parseDomain } from './domain.ts';

export type AddressResult =
  | { readonly ok: true; readonly address: string }
  | { readonly ok: false; readonly reason: string };

/** Nothing longer can become an address, whatever IDNA makes of its domain; refused before any work is done. */
const MAX_INPUT = 1_000;
/** RFC 5321 §4.5.3.1.1, in octets. */
const MAX_LOCAL_PART = 64;
/** RFC 5321 §4.5.3.1.3: a path is 256 octets, two of which are its angle brackets. */
const MAX_ADDRESS = 254;

/** RFC 5322 §3.2.3 with RFC 6531 §3.3: non-ASCII characters are atext. */
const DOT_ATOM = /^[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+)*$/u;
/** Quoted-string of RFC 5321 §4.1.2 (no TAB, no folding), not empty; RFC 6531 adds to qtextSMTP, not to the pairs. */
const QUOTED_STRING = /^"(?:[ !\x23-\x5b\x5d-\x7e\u0080-\u{10ffff}]|\\[\x20-\x7e])+"$/u;
/**
 * Characters that no mailbox name has and that make two addresses look like one: controls, format characters (bidi
 * overrides, zero width), surrogates, private use, unassigned, separators but the space; and a combining mark
 * at the start, which would join the character before the address.
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}|^"?\p{M}/u;

const NON_ASCII = /[\u0080-\uffff]/;

/** Whether `text` can only go over the wire as UTF-8. */
export function hasNonAscii(text: string): boolean {
  return NON_ASCII.test(text);
}

/**
 * Read a bare addr-spec, `local@domain`, by the grammar of SMTP (RFC 5321 §4.1.2, RFC 6531 §3.3), which is
 * stricter than that of headers: no comments, no white space around the parts, no `"a".b`.
 *
 * The local part comes back exactly as given, quotes and case included, because a mailbox `"a@b"` without its
 * quotes is another mailbox; the domain comes back in ASCII (see {@link parseDomain}).
 */
export function parseAddress(text: string): AddressResult {
  if (text.length > MAX_INPUT) return refuse(`it is longer than ${MAX_INPUT} characters`);
  // The `@` that splits is the last one outside a domain literal; those of a quoted local part come before it.
  const literalAt = text.endsWith(']') ? text.lastIndexOf('@[') : -1;
  const at = literalAt >= 0 ? literalAt : text.lastIndexOf('@');
  if (at < 0) return refuse('there is no @');
  const local = text.slice(0, at);
  // RFC 6532 §3.1 asks for NFC, so some hop may apply it: what it makes must pass the same checks (U+037E becomes a
  // semicolon, U+FB2C grows), while the address itself stays as it was given.
  const normalized = local.normalize('NFC');
  const problem = localPartProblem(local) ?? (normalized === local ? null : localPartProblem(normalized));
  if (problem !== null) return refuse(problem);
  const domain = parseDomain(text.slice(at + 1));
  if (!domain.ok) return domain;
  const localOctets = Math.max(Buffer.byteLength(local), Buffer.byteLength(normalized));
  if (localOctets + 1 + domain.domain.length > MAX_ADDRESS) {
    return refuse(`the address is longer than ${MAX_ADDRESS} octets`);
  }
  return { ok: true, address: `${local}@${domain.domain}` };
}

function localPartProblem(local: string): string | null {
  if (local === '') return 'there is nothing before the @';
  if (!DOT_ATOM.test(local) && !QUOTED_STRING.test(local)) {
    return 'what is before the @ is neither a dot-atom nor a quoted string';
  }
  if (Buffer.byteLength(local) > MAX_LOCAL_PART) return `what is before the @ is longer than ${MAX_LOCAL_PART} octets`;
  if (hasNonAscii(local) && UNSAFE.test(local)) return 'what is before the @ has characters that cannot be seen';
  return null;
}

function refuse(reason: string): AddressResult {
  return { ok: false, reason };
}
