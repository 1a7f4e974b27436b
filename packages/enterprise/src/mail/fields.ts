// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** One header field: its name in lower case, its value unfolded and decoded. */
export type Field = readonly [name: string, value: string];

/** A sane header has some dozens; more than this is an attack or no header. */
const MAX_FIELDS = 400;
const MAX_VALUE_CHARACTERS = 4_000;
const FIELD = /^([!-9;-~]{1,80})[ \t]*:[ \t]?(.*)$/;

/**
 * Read header fields from text up to its first empty line. Lenient: a line that is none is passed by, a line that begins
 * with white space goes on with the field before it.
 */
export function readFields(text: string): Field[] {
  const fields: [string, string][] = [];
  for (const line of text.split('\n', MAX_FIELDS * 4)) {
    const content = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (content === '') {
      if (fields.length > 0) break;
      continue;
    }
    const last = fields.at(-1);
    if (/^[ \t]/.test(content) && last !== undefined) {
      if (last[1].length < MAX_VALUE_CHARACTERS) last[1] += ` ${content.trim().slice(0, MAX_VALUE_CHARACTERS)}`;
      continue;
    }
    const match = FIELD.exec(content);
    if (match === null) continue;
    if (fields.length === MAX_FIELDS) break;
    fields.push([(match[1] ?? '').toLowerCase(), (match[2] ?? '').trim().slice(0, MAX_VALUE_CHARACTERS)]);
  }
  return fields;
}

/** The value of the first field of a name (in lower case), null where there is none or it is empty. */
export function fieldOf(fields: readonly Field[], name: string): string | null {
  return fields.find(([each, value]) => each === name && value !== '')?.[1] ?? null;
}

/** All values of a field. */
export function fieldsOf(fields: readonly Field[], name: string): string[] {
  return fields.filter(([each]) => each === name).map(([, value]) => value);
}
