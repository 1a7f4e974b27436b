// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A field of a header that somebody else wrote. */
export interface HeaderField {
  /** In lower case. */
  readonly name: string;
  /** All of it, folded as it was, with its last CRLF. */
  readonly text: string;
}

/** RFC 5322 §2.2, and §4.5 for the space before the colon. */
const FIELD = /^([\x21-\x39\x3b-\x7e]+)[ \t]*:/;

/**
 * Split a header into its fields.
 *
 * @param head - CRLF lines, the last one whole
 * @returns null where a line belongs to no field
 */
export function headerFields(head: string): readonly HeaderField[] | null {
  const fields: HeaderField[] = [];
  for (const text of head.split(/(?<=\r\n)(?![ \t])/)) {
    const name = FIELD.exec(text)?.[1];
    if (name === undefined) return null;
    fields.push({ name: name.toLowerCase(), text });
  }
  return fields;
}

/** What a field says, in one line. */
export function fieldValue({ text }: HeaderField): string {
  return text
    .slice(text.indexOf(':') + 1)
    .replaceAll('\r\n', '')
    .replaceAll('\t', ' ')
    .trim();
}

/** What the fields of this name say, in their order. @param name in lower case */
export function valuesOf(fields: readonly HeaderField[], name: string): readonly string[] {
  return fields.filter((field) => field.name === name).map(fieldValue);
}
