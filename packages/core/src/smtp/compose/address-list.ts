// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailAddress, Mailbox } from './content.ts';
import { parseDisplayName, parseMailbox } from './mailbox.ts';

export type MailAddressResult =
  | { readonly ok: true; readonly address: MailAddress }
  | { readonly ok: false; readonly reason: string };

export type AddressListResult =
  | { readonly ok: true; readonly addresses: readonly MailAddress[] }
  | { readonly ok: false; readonly reason: string };

/** In characters: some hundred mailboxes with their names. */
const MAX_LIST = 65_536;

/** Unlike trim(), lets no line break pass. */
const SPACES = /^ *$/;

/** Where something has a meaning in a list: outside quotes, angle brackets and address literals. */
interface Mark {
  readonly char: ',' | ':' | ';';
  readonly at: number;
}

/**
 * Read one address: a mailbox, or a group such as `Team: a@example.com, b@example.com;` (RFC 5322 §3.4). A group has
 * a name, ends with its semicolon, may be empty and holds no other group.
 */
export function parseMailAddress(text: string): MailAddressResult {
  if (text.length > MAX_LIST) return refuse(`it is longer than ${MAX_LIST} characters`);
  const marks = marksOf(text);
  const colon = marks.find(({ char }) => char === ':');
  if (colon === undefined) {
    const parsed = parseMailbox(text);
    return parsed.ok ? { ok: true, address: parsed.mailbox } : parsed;
  }
  return parseGroup(text, colon.at, marks);
}

/** Read a comma separated list of mailboxes and groups. One that is refused refuses the list; its reason says which. */
export function parseAddressList(text: string): AddressListResult {
  if (text.length > MAX_LIST) return refuse(`it is longer than ${MAX_LIST} characters`);
  const addresses: MailAddress[] = [];
  for (const part of splitAddresses(text)) {
    const result = parseMailAddress(part);
    if (!result.ok) return refuse(`address ${addresses.length + 1}: ${result.reason}`);
    addresses.push(result.address);
  }
  return { ok: true, addresses };
}

/** All mailboxes of a list, those of groups included: what goes into the envelope. */
export function membersOf(addresses: readonly MailAddress[]): readonly Mailbox[] {
  const members: Mailbox[] = [];
  for (const address of addresses) {
    if ('group' in address) members.push(...address.members);
    else members.push(address);
  }
  return members;
}

function parseGroup(text: string, colonAt: number, marks: readonly Mark[]): MailAddressResult {
  const [end, ...beyond] = marks.filter(({ char }) => char === ';');
  if (end === undefined) return refuse('a group ends with a semicolon; a name with a colon goes in quotes');
  if (beyond.length > 0 || !SPACES.test(text.slice(end.at + 1))) return refuse('there is text behind the group');
  const name = parseDisplayName(text.slice(0, colonAt));
  if (!name.ok) return refuse(`the name of the group: ${name.reason}`);
  if (name.name === '') return refuse('the group has no name');
  const inner = text.slice(colonAt + 1, end.at);
  const members: Mailbox[] = [];
  for (const part of SPACES.test(inner) ? [] : splitAddresses(inner)) {
    const parsed = parseMailbox(part);
    if (!parsed.ok) return refuse(`member ${members.length + 1} of the group: ${parsed.reason}`);
    members.push(parsed.mailbox);
  }
  return { ok: true, address: { group: name.name, members } };
}

function splitAddresses(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let isInGroup = false;
  for (const { char, at } of marksOf(text)) {
    if (char === ',' && !isInGroup) {
      parts.push(text.slice(from, at));
      from = at + 1;
    } else {
      isInGroup = char === ':' || (char === ',' && isInGroup);
    }
  }
  return [...parts, text.slice(from)];
}

function marksOf(text: string): Mark[] {
  const marks: Mark[] = [];
  let isQuoted = false;
  let closing: '>' | ']' | null = null;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (isQuoted) {
      if (char === '\\') at++;
      else if (char === '"') isQuoted = false;
    } else if (char === '"') {
      isQuoted = true;
    } else if (closing !== null) {
      if (char === closing) closing = null;
    } else if (char === '<') {
      closing = '>';
    } else if (char === '[') {
      closing = ']';
    } else if (char === ',' || char === ':' || char === ';') {
      marks.push({ char, at });
    }
  }
  return marks;
}

function refuse(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
