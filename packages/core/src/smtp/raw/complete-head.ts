// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { customField, dateField } from '../compose/header-encoding.ts';
import { fieldValue, headerFields } from './header-fields.ts';

/** By which the original's clients, and bounces that quote headers, find a message again. */
export const ID_HEADER = 'X-Genro-Mail-ID';

/** The envelope's, or ours to write. */
const DROPPED: ReadonlySet<string> = new Set(['bcc', 'resent-bcc', 'return-path', ID_HEADER.toLowerCase()]);

export interface HeadValues {
  /** The client's id of the message. */
  readonly id: string;
  /** With brackets. It is written where the header has another one. */
  readonly messageId: string;
  /** Milliseconds since the epoch; written where the header has none. */
  readonly date: number;
}

/**
 * Make a header that somebody else wrote fit to be sent: without what only an envelope may say, with the fields that a
 * message must have, and with ours in front. All others stay as they are, so that no signature over them breaks.
 *
 * @param head - CRLF lines that are fields, the last one whole
 */
export function completeHead(head: string, { id, messageId, date }: HeadValues): string {
  const kept = (headerFields(head) ?? []).filter(({ name }) => !DROPPED.has(name));
  const ids = kept.filter(({ name }) => name === 'message-id');
  const hasId = ids.length === 1 && ids.every((field) => fieldValue(field) === messageId);
  const own = [
    ...(kept.some(({ name }) => name === 'date') ? [] : [dateField(date)]),
    ...(hasId ? [] : [`Message-ID: ${messageId}`]),
    customField(ID_HEADER, id),
  ];
  const others = kept.filter(({ name }) => hasId || name !== 'message-id');
  return `${own.join('\r\n')}\r\n${others.map(({ text }) => text).join('')}`;
}
