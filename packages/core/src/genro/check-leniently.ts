// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type CheckedMessage, checkContent } from '../entities/message/check-content.ts';
import { messageInput, type ParsedMessage } from '../entities/message/message.schema.ts';
import { type InputProblem, isMailProxyError } from '../errors.ts';
import { validate } from '../operations/validate.ts';
import type { Json } from './source-values.ts';

export type LenientCheck =
  | {
      readonly ok: true;
      readonly parsed: ParsedMessage;
      readonly checked: CheckedMessage;
      /** Fields that it is sent without, and why. */
      readonly without: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

export interface LenientOptions {
  /** Whether the tenant has a storage of that name. */
  readonly isStorage: (name: string) => boolean;
  readonly now: number;
}

/** Without these a message still says what it said, to whom it did. */
const OPTIONAL = /^\/(headers|reply_to|message_id|return_path|attachments\/\d+\/(mime_type|auth|content_md5))(\/|$)/;
const MAX_TRIES = 5;

/**
 * Check a message that somebody else accepted: what may not stand in a mail is left out where the mail is the same
 * without. Limits of size are those of new messages, and where attachments may come from is found out when they do.
 */
export function checkLeniently(input: Json, options: LenientOptions): LenientCheck {
  let left = input;
  const without: string[] = [];
  for (let attempt = 1; ; attempt++) {
    const result = checkOnce(left, options);
    if (!('problems' in result)) return { ok: true, ...result, without };
    const { problems } = result;
    if (attempt === MAX_TRIES || !problems.every(({ pointer }) => OPTIONAL.test(pointer))) {
      return {
        ok: false,
        reason: problems
          .slice(0, 3)
          .map(({ pointer, message }) => `${pointer}: ${message}`)
          .join('; '),
      };
    }
    for (const { pointer, message } of problems) {
      left = withoutField(left, keysOf(pointer));
      without.push(`${fieldOf(pointer)}: ${message}`);
    }
  }
}

function checkOnce(
  input: Json,
  { isStorage, now }: LenientOptions,
):
  | { readonly parsed: ParsedMessage; readonly checked: CheckedMessage }
  | { readonly problems: readonly InputProblem[] } {
  let parsed: ParsedMessage;
  try {
    parsed = validate(messageInput, input);
  } catch (error) {
    if (!isMailProxyError(error, 'invalid_input')) throw error;
    return { problems: error.problems };
  }
  const most = Number.MAX_SAFE_INTEGER;
  const attachmentRules = { maxBytes: most, maxMessageBytes: most, isStorage, check: () => null };
  const result = checkContent(parsed, '', { maxRecipients: most, attachmentRules, now });
  return result.ok ? { parsed, checked: result.checked } : { problems: result.problems };
}

function keysOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Attachments and addresses by what they are, not by their place: many messages have the same. */
function fieldOf(pointer: string): string {
  return pointer.slice(1).replace(/\/\d+(?=\/|$)/g, '');
}

/** Of a list the whole field: an answer to one of three addresses would be another one. */
function withoutField(value: Json, [key = '', ...rest]: readonly string[]): Json {
  const inner = value[key];
  if (rest.length === 0 || inner === undefined) {
    return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  }
  if (Array.isArray(inner)) {
    const [index = '', ...deeper] = rest;
    if (deeper.length === 0) return withoutField(value, [key]);
    return {
      ...value,
      [key]: inner.map((item, at) => (String(at) === index ? withoutField(item as Json, deeper) : item)),
    };
  }
  return { ...value, [key]: withoutField(inner as Json, rest) };
}
