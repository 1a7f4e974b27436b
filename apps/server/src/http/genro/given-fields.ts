// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';

/** Shapes of what old clients send. What is not known is left out, and null says nothing. */

/** Text. A number is taken for one, as in ids. */
export const text = v.pipe(v.union([v.string(), v.number()], 'expected text'), v.transform(String));

export const someText = v.pipe(text, v.minLength(1, 'expected some text'));

/** A number, which may come as text. */
export const number = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\s*-?\d+(\.\d+)?\s*$/), v.transform(Number))], 'expected a number'),
);

export const whole = v.pipe(number, v.integer('expected a whole number'));

/** The last second that RFC 3339 can say. */
const LAST_SECOND = 253_402_300_799;

/** Seconds since the epoch, as RFC 3339. */
export const timestamp = v.pipe(
  number,
  v.minValue(0, 'expected seconds since 1970'),
  v.maxValue(LAST_SECOND, 'expected seconds since 1970'),
  v.transform((time) => new Date(time * 1_000).toISOString()),
);

/** True or false, which may come as a number or text. */
export const flag = v.pipe(
  v.union([v.boolean(), v.picklist([0, 1]), v.picklist(['true', 'false', '0', '1'])], 'expected true or false'),
  v.transform((given) => given === true || given === 1 || given === 'true' || given === '1'),
);

/** Absent and null are the same. */
export function maybe<Schema extends v.GenericSchema>(schema: Schema) {
  return v.pipe(
    v.nullish(schema),
    v.transform((given): v.InferOutput<Schema> | undefined => given ?? undefined),
  );
}

/** What was given, without what was not. */
export function given<Fields extends object>(fields: Fields): Partial<Fields> {
  // Nothing is added, and what is left out may be.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;
}

/** RFC 3339 text as whole seconds since the epoch, as all times of old clients are. */
export function seconds(time: unknown): number | null {
  return typeof time === 'string' ? Math.floor(Date.parse(time) / 1_000) : null;
}
