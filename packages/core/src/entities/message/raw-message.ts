// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import {
  batchInput,
  type MessageInput,
  messageInput,
  type ParsedMessage,
  type ParsedRawMessage,
  type RawMessageInput,
  rawMessageInput,
} from './message.schema.ts';

/** What may be submitted: a message to be composed, or one that is complete. */
export type SubmittedInput = MessageInput | RawMessageInput;
export type ParsedSubmitted = ParsedMessage | ParsedRawMessage;

export function isRaw<T extends object>(message: T): message is Extract<T, { readonly raw: unknown }> {
  return 'raw' in message;
}

/** What embedders may submit; JSON has no bytes. */
export const submittedInput = v.strictObject({
  ...batchInput.entries,
  // Not a union: its problems would not say which field is wrong.
  messages: v.array(
    v.lazy((input) => (typeof input === 'object' && input !== null && isRaw(input) ? rawMessageInput : messageInput)),
  ),
});
