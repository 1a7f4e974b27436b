// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import type { JsonSchema } from './json-schema.ts';
import { nastyText } from './nasty.ts';

/** What is taken for a field of this name, so that requests get further than the first check. */
export interface KnownValues {
  /** Taken often. */
  readonly often: Readonly<Record<string, readonly unknown[]>>;
  /** Taken always: fields that lead somewhere, or make a request last. */
  readonly always: Readonly<Record<string, readonly unknown[]>>;
}

/** Longer texts and lists are valid, too, and the same over and over. */
const MAX_TEXT = 70_000;
const MAX_ITEMS = 4;

/** Values that the schema takes, or nearly does: at its bounds more often than between them. */
export function valuesOf(schema: JsonSchema, name: string, known: KnownValues): fc.Arbitrary<unknown> {
  const always = Object.hasOwn(known.always, name) ? known.always[name] : undefined;
  if (always !== undefined) return fc.constantFrom(...always);
  const made = madeOf(schema, name, known);
  const often = Object.hasOwn(known.often, name) ? known.often[name] : undefined;
  if (often === undefined) return made;
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...often) }, { weight: 1, arbitrary: made });
}

function madeOf(schema: JsonSchema, name: string, known: KnownValues): fc.Arbitrary<unknown> {
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return fc.oneof(...options.map((option) => madeOf(option, name, known)));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  switch (schema.type) {
    case 'string':
      return textsOf(schema);
    case 'integer':
    case 'number':
      return numbersOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return listsOf(schema, name, known);
    case 'object':
      return objectsOf(schema, known);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function textsOf({ pattern, format, minLength = 0, maxLength = MAX_TEXT }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.uuid();
  const fitted = (text: string): string => text.slice(0, maxLength).padEnd(minLength, 'x');
  const longest = fc.constant('x'.repeat(Math.min(maxLength, MAX_TEXT)));
  if (pattern === undefined) {
    const plain = fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) });
    return fc.oneof(
      { weight: 6, arbitrary: plain },
      { weight: 6, arbitrary: nastyText.map(fitted) },
      { weight: 1, arbitrary: longest },
    );
  }
  if (pattern.startsWith(String.raw`^\d{4}-\d\d-\d\d`)) return timesOf();
  // Some patterns look ahead, which fast-check cannot read.
  if (pattern.includes('(?=')) return fc.domain();
  return fc.oneof(
    { weight: 8, arbitrary: fc.stringMatching(new RegExp(pattern)).map(fitted) },
    { weight: 1, arbitrary: longest },
  );
}

function timesOf(): fc.Arbitrary<string> {
  const year = 365 * 86_400_000;
  const near = fc.date({
    min: new Date(1_700_000_000_000),
    max: new Date(1_700_000_000_000 + 100 * year),
    noInvalidDate: true,
  });
  return fc.oneof(
    near.map((time) => time.toISOString()),
    fc.constantFrom('0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999+14:00', '1969-12-31T23:59:59-23:59'),
  );
}

function numbersOf({ type, minimum = -(2 ** 53) + 1, maximum = 2 ** 53 - 1 }: JsonSchema): fc.Arbitrary<number> {
  const bounds = fc.constantFrom(minimum, maximum, Math.max(minimum, 0), Math.min(maximum, minimum + 1));
  const between =
    type === 'integer'
      ? fc.integer({ min: Math.ceil(minimum), max: Math.floor(maximum) })
      : fc.double({ min: minimum, max: maximum, noNaN: true });
  return fc.oneof(bounds, between);
}

function listsOf(
  { items = {}, minItems = 0, maxItems = MAX_ITEMS }: JsonSchema,
  name: string,
  known: KnownValues,
): fc.Arbitrary<unknown> {
  const maxLength = Math.max(minItems, Math.min(maxItems, MAX_ITEMS));
  return fc.array(valuesOf(items, name, known), { minLength: minItems, maxLength });
}

function objectsOf(schema: JsonSchema, known: KnownValues): fc.Arbitrary<unknown> {
  const { properties, required = [], additionalProperties } = schema;
  if (properties === undefined) {
    const values = typeof additionalProperties === 'object' ? valuesOf(additionalProperties, '', known) : nastyText;
    const names = fc.oneof(fc.constantFrom('X-Some', 'References', 'list-id'), nastyText);
    return fc.array(fc.tuple(names, values), { maxLength: 3 }).map((entries) => Object.fromEntries(entries));
  }
  const fields = Object.entries(properties).map(([name, inner]) => {
    const value = valuesOf(inner, name, known);
    return (required.includes(name) ? value : sometimes(value, Object.hasOwn(known.often, name) ? 3 : 1)).map(
      (made) => [name, made] as const,
    );
  });
  return fc.tuple(...fields).map((entries) => Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}

/** @param weight - against the two of being left out */
function sometimes(value: fc.Arbitrary<unknown>, weight: number): fc.Arbitrary<unknown> {
  return fc.oneof({ weight, arbitrary: value }, { weight: 2, arbitrary: fc.constant(undefined) });
}
