// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { parseAddress } from '../../smtp/compose/address.ts';
import { parseAddressList, parseMailAddress } from '../../smtp/compose/address-list.ts';
import type { MailAddress, Mailbox } from '../../smtp/compose/content.ts';
import { parseMailbox } from '../../smtp/compose/mailbox.ts';
import type { Problems } from './check-problems.ts';
import type { ParsedMessage } from './message.schema.ts';

const NOBODY: Mailbox = { name: '', address: '' };

/** The one mailbox of From. */
export function mailbox(text: string, problems: Problems): Mailbox {
  const parsed = parseMailbox(text);
  if (parsed.ok) return parsed.mailbox;
  problems.add('from', parsed.reason);
  return NOBODY;
}

/** A string may hold several addresses separated by commas, as the original took them. */
export function addresses(
  value: string | readonly string[],
  field: string,
  problems: Problems,
): readonly MailAddress[] {
  if (typeof value !== 'string') {
    return value.map((text, index) => {
      const parsed = parseMailAddress(text);
      if (parsed.ok) return parsed.address;
      problems.add(`${field}/${index}`, parsed.reason);
      return NOBODY;
    });
  }
  const parsed = parseAddressList(value);
  if (parsed.ok) return parsed.addresses;
  problems.add(field, parsed.reason);
  return [];
}

/** Envelope sender: the address of From unless the client names another one, or none. */
export function returnPath(input: Pick<ParsedMessage, 'return_path'>, from: Mailbox, problems: Problems): string {
  if (input.return_path === undefined) return from.address;
  if (input.return_path === '' || input.return_path === '<>') return '';
  const parsed = parseAddress(input.return_path);
  if (parsed.ok) return parsed.address;
  problems.add('return_path', parsed.reason);
  return '';
}
