// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { OutgoingMail } from '../mixin/hooks.ts';
import { announcedBytes, headOf } from '../smtp/message-body.ts';
import { headerAddresses } from '../smtp/raw/header-addresses.ts';
import type { WireMessage } from './compose-message.ts';

/**
 * What hooks are told of a message before it goes on the wire: read from the very bytes.
 *
 * @param recipients - of the message in all
 */
export function outgoingMail(
  { from, fromFor, body }: WireMessage,
  to: readonly string[],
  { recipients, detached }: Pick<OutgoingMail, 'recipients' | 'detached'>,
): OutgoingMail {
  return {
    returnPaths: fromFor === undefined ? [from] : [...new Set(to.map((address) => fromFor(address)))],
    to,
    recipients,
    detached,
    header: () => headerAddresses(headOf(body)),
    sizeBytes: announcedBytes(body),
  };
}
