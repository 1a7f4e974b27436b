// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailAddress, Mailbox } from './content.ts';

/** What a display name may consist of without quotes; RFC 6532 §3.2 adds what is not ASCII. */
const ATOMS = /^[\w!#$%&'*+\-/=?^`{|}~ \u0080-\u{10ffff}]+$/u;

/** Write an address as a person would, and as it is read back: `Ann Doe <ann@example.org>`. */
export function formatAddress(address: MailAddress): string {
  if (!('group' in address)) return formatMailbox(address);
  return `${phrase(address.group)}: ${address.members.map(formatMailbox).join(', ')};`;
}

function formatMailbox({ name, address }: Mailbox): string {
  return name === '' ? address : `${phrase(name)} <${address}>`;
}

function phrase(name: string): string {
  return ATOMS.test(name) ? name : `"${name.replaceAll(/["\\]/g, '\\$&')}"`;
}
