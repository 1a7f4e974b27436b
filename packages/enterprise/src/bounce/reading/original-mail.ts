// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { addressesIn } from '../../mail/addresses.ts';
import { type Field, fieldOf, fieldsOf, readFields } from '../../mail/fields.ts';
import type { MailParts } from './mail-parts.ts';
import type { OriginalMail } from './returned-mail.types.ts';

/** Where a bounce was addressed, surest first. */
const ADDRESSED = [
  'delivered-to',
  'x-original-to',
  'envelope-to',
  'x-envelope-to',
  'x-delivered-to',
  'to',
  'cc',
] as const;
const MAX_ADDRESSED = 20;
const MAX_BLOCKS = 20;
const MAX_ID_CHARACTERS = 1_000;

/** The header of the returned mail: of a part of its own, else of what stands below the server's words. */
export function originalFields(parts: MailParts['parts'], below: string | null): readonly Field[] {
  const part = parts.find(({ type }) =>
    /^(?:message\/(?:rfc822|global|partial)|text\/rfc822-headers|message\/global-headers)/.test(type),
  );
  if (part !== undefined) return readFields(withoutQuotes(part.text));
  if (below === null) return [];
  const text = withoutQuotes(below);
  // Where the parts of a broken mail stand in its text, theirs are the first fields, not the original's.
  const blocks = text.split(/\n[ \t]*\n/, MAX_BLOCKS).map(readFields);
  return blocks.find((block) => fieldOf(block, 'message-id') !== null) ?? readFields(fromFirstField(text));
}

/** What a report says about the mail that it answers. */
export function originalOf({ fields }: MailParts, original: readonly Field[], envelopeId: string | null): OriginalMail {
  const addressed = ADDRESSED.flatMap((name) =>
    fieldsOf(fields, name).flatMap((value) => addressesIn(value, MAX_ADDRESSED)),
  );
  // The host that took the bounce often notes for whom, where nothing else keeps a VERP address.
  const received = fieldsOf(fields, 'received').flatMap(
    (value) => /\bfor <([^<>\s\p{Cc}]{1,320})>/u.exec(value)?.[1] ?? [],
  );
  const ownId = idIn(fieldOf(original, 'message-id') ?? fieldOf(original, 'original-message-id'));
  const answeredId = idIn(fieldOf(fields, 'in-reply-to')) ?? lastIdIn(fieldOf(fields, 'references'));
  return {
    messageId: ownId ?? answeredId,
    isAnswered: ownId === null && answeredId !== null,
    envelopeId,
    mailId: fieldOf(original, 'x-genro-mail-id')?.slice(0, MAX_ID_CHARACTERS) ?? null,
    addressedTo: [...new Set([...addressed, ...received])].slice(0, MAX_ADDRESSED),
  };
}

function idIn(value: string | null): string | null {
  return /<[^<>\s\p{Cc}]{1,998}>/u.exec(value ?? '')?.[0] ?? null;
}

function lastIdIn(value: string | null): string | null {
  return (value ?? '').match(/<[^<>\s\p{Cc}]{1,998}>/gu)?.at(-1) ?? null;
}

/** Some return the mail as a quotation, or indented. */
function withoutQuotes(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').split('\n', 500);
  const isQuoted = lines.slice(0, 20).filter((line) => line.startsWith('>')).length > 3;
  return (isQuoted ? lines.map((line) => line.replace(/^> ?/, '')) : lines).join('\n');
}

function fromFirstField(text: string): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line, index) => /^[A-Za-z][A-Za-z0-9-]{1,60}:/.test(line) && index < 40);
  return at === -1 ? '' : lines.slice(at).join('\n');
}
