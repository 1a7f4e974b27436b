// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** With brackets; leaves room for `Message-ID: ` far below the 998 octets of a line. */
const MAX_MESSAGE_ID = 250;
/** msg-id of RFC 5322 §3.6.4 without obs-forms and no-fold-literals: `<dot-atom-text@dot-atom-text>`. */
const MESSAGE_ID =
  /^<[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*@[\w!#$%&'*+\-/=?^`{|}~]+(?:\.[\w!#$%&'*+\-/=?^`{|}~]+)*>$/;

/** Give the Message-ID of the message with this key, the same at each retry. */
export function messageIdFor(pk: string, domain: string): string {
  return `<${pk}@${domain}>`;
}

/** Say why this is no Message-ID in its brackets, or null if it is. */
export function checkMessageId(value: string): string | null {
  if (value.length > MAX_MESSAGE_ID) return `it is longer than ${MAX_MESSAGE_ID} characters`;
  return MESSAGE_ID.test(value) ? null : 'it is not of the form <left@right>';
}
