// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { membersOf, parseAddressList } from '../compose/address-list.ts';
import { headerFields, valuesOf } from './header-fields.ts';

/** The fields of a header that name who writes to whom (RFC 5322 §3.6.2, §3.6.3). */
const ADDRESS_FIELDS = ['from', 'sender', 'to', 'cc', 'bcc'] as const;
export type AddressField = (typeof ADDRESS_FIELDS)[number];

/** The addresses in a header, without names; those in groups are among them. */
export interface HeaderAddresses extends Readonly<Record<AddressField, readonly string[]>> {
  /** Fields of which something cannot be read, and which may name others. */
  readonly unreadable: readonly AddressField[];
}

/** @param head - CRLF lines that are fields, the last one whole */
export function headerAddresses(head: string): HeaderAddresses {
  const fields = headerFields(head);
  const unreadable: AddressField[] = [];
  const listed = (name: AddressField): readonly string[] =>
    valuesOf(fields ?? [], name)
      .filter((value) => value !== '')
      .flatMap((value) => {
        const parsed = parseAddressList(value);
        if (parsed.ok) return membersOf(parsed.addresses).map(({ address }) => address);
        unreadable.push(name);
        return [];
      });
  const lists = {
    from: listed('from'),
    sender: listed('sender'),
    to: listed('to'),
    cc: listed('cc'),
    bcc: listed('bcc'),
  };
  return { ...lists, unreadable: fields === null ? ADDRESS_FIELDS : unreadable };
}
