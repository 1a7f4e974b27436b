// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';

/** Shapes that several entities share. Messages say what was expected, never what was received. */

/** Tenant ids as the original had them. */
export const tenantId = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z0-9_-]{1,64}$/, 'expected 1 to 64 letters, digits, _ or -'),
);

/**
 * C0, DEL, C1 and the separators of lines and paragraphs: what is shown, logged or put into a header stays one line.
 * Without well-formedness two texts that differ in a lone surrogate would be stored alike.
 */
const oneLine = v.pipe(
  v.string(),
  v.regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/, 'expected no control characters and no line breaks'),
  v.check((text) => text.isWellFormed(), 'expected well-formed Unicode'),
);

/** Ids that clients choose: accounts and messages. */
export const clientId = v.pipe(
  oneLine,
  v.minLength(1, 'expected at least 1 character'),
  v.maxLength(255, 'expected at most 255 characters'),
);

/** Text of one line. */
export const line = (max: number) => v.pipe(oneLine, v.maxLength(max, `expected at most ${max} characters`));

export const integer = (min: number, max: number) =>
  v.pipe(
    v.number(),
    v.integer(`expected a whole number from ${min} to ${max}`),
    v.minValue(min, `expected a whole number from ${min} to ${max}`),
    v.maxValue(max, `expected a whole number from ${min} to ${max}`),
  );

/** A whole number that may come as text, from a query string or a command line. */
export const queryInteger = (min: number, max: number) =>
  v.pipe(v.union([v.number(), v.pipe(v.string(), v.regex(/^-?\d{1,16}$/), v.transform(Number))]), integer(min, max));

/** `true` or `false` that may come as text. */
export const queryBoolean = v.union([
  v.boolean(),
  v.pipe(
    v.picklist(['true', 'false']),
    v.transform((text) => text === 'true'),
  ),
]);

/** An object whose names the caller chooses. Valibot alone takes a list for one, with its positions as the names. */
export function objectOf<Value extends v.GenericSchema>(value: Value) {
  const schema = v.record(v.string(), value, 'expected an object');
  const run: (typeof schema)['~run'] = (dataset, config) =>
    schema['~run'](Array.isArray(dataset.value) ? { value: undefined } : dataset, config);
  return { ...schema, '~run': run };
}

/** An absolute http or https address without credentials in it. */
export const httpUrl = v.pipe(
  v.string(),
  v.maxLength(2_000, 'expected at most 2000 characters'),
  v.check((text) => {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  }, 'expected an http or https URL without user and password in it'),
);

/** A path below a base URL. */
export const urlPath = v.pipe(line(1_000), v.startsWith('/', 'expected a path that starts with /'));

/** Cursor pagination: `after` is the `next` of the page before. */
export const page = {
  limit: v.optional(queryInteger(1, 1_000), 100),
  after: v.optional(line(100)),
};

/** A page of a list; `next` is null on the last one. */
export const pageOf = <Item extends v.GenericSchema>(item: Item) =>
  v.object({ items: v.array(item), next: v.nullable(v.string()) });

/** A time that a client names. */
export const dateTime = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
    'expected a time as RFC 3339, such as 2030-01-31T09:00:00Z',
  ),
  v.check((text) => !Number.isNaN(Date.parse(text)), 'expected a time that exists'),
);

/** RFC 3339 in UTC. */
export const timestamp = v.string();

/** Milliseconds since the epoch as RFC 3339 text, as all new time fields of the API are. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}

export function rfc3339OrNull(ms: number | null): string | null {
  return ms === null ? null : rfc3339(ms);
}

/** Milliseconds as the whole seconds of the original's `*_ts` fields. */
export function epochSeconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** What stands in the command log in place of a value. */
export type Hidden = 'secret' | 'content';

/** A value that opens something: the command log says that there was one. */
export function secret<Schema extends v.GenericSchema>(schema: Schema) {
  return v.pipe(schema, v.metadata({ hidden: 'secret' satisfies Hidden }));
}

/** What a person wrote, or the bytes of a file: as {@link secret}. */
export function content<Schema extends v.GenericSchema>(schema: Schema) {
  return v.pipe(schema, v.metadata({ hidden: 'content' satisfies Hidden }));
}
