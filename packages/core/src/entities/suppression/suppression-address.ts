// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { parseAddress } from '../../smtp/compose/address.ts';
import { parseDomain } from '../../smtp/compose/domain.ts';

export type SuppressibleResult =
  | { readonly ok: true; readonly address: string }
  | { readonly ok: false; readonly reason: string };

/** A quoted local part that needs no quotes: the same mailbox as without (RFC 5321 §4.1.2). */
const NEEDLESSLY_QUOTED = /^"([\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*)"$/;

/**
 * Read an address, or `@domain` for all of a domain, as the list knows it: the domain in ASCII and lower case, the local
 * part in NFC and lower case. RFC 5321 §2.4 lets a host tell local parts apart by their case; hardly any does, and who
 * asked not to be written to is to be found however it is written.
 */
export function parseSuppressible(text: string): SuppressibleResult {
  if (text.startsWith('@')) {
    const domain = parseDomain(text.slice(1));
    return domain.ok ? { ok: true, address: `@${domain.domain.toLowerCase()}` } : domain;
  }
  const parsed = parseAddress(text);
  return parsed.ok ? { ok: true, address: suppressionKey(parsed.address) } : parsed;
}

/** The form of an address that was parsed. */
export function suppressionKey(address: string): string {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at).normalize('NFC').toLowerCase().normalize('NFC');
  return local.replace(NEEDLESSLY_QUOTED, '$1') + address.slice(at).toLowerCase();
}

/** Under which entries mail to the address is stopped: its own, and that of its domain. */
export function stoppedBy(address: string): readonly [own: string, domain: string] {
  const key = suppressionKey(address);
  return [key, key.slice(key.lastIndexOf('@'))];
}
