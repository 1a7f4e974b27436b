// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { Hidden } from './fields.ts';

/** What the walk reads of schemas of all kinds; valibot's own types know one kind each. */
interface Shape {
  readonly type: string;
  readonly pipe?: readonly PipeItem[];
  readonly wrapped?: v.GenericSchema;
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly options?: readonly v.GenericSchema[];
  readonly getter?: (input: unknown) => v.GenericSchema;
}

interface PipeItem {
  readonly kind: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Kinds of schemas whose values say nothing but themselves. */
const PLAIN: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'picklist', 'literal']);

/**
 * A copy of an operation's input, as it was given, that may be stored and shown: a word stands for what the schema marks
 * as a secret or as content, and for everything of which the schema does not say what it is.
 *
 * @param value - something that the schema takes
 */
export function redact(schema: v.GenericSchema, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  const hidden = hiddenBy(schema);
  if (hidden !== null) return `[${hidden}]`;
  const { type, wrapped, entries, item, value: inner, options, getter } = shapeOf(schema);
  if (wrapped !== undefined) return redact(wrapped, value);
  if (getter !== undefined) return redact(getter(value), value);
  if (entries !== undefined) return mapFields(value, (key, field) => redactField(entries[key], field));
  if (type === 'record' && inner !== undefined) return mapFields(value, (_, field) => redact(inner, field));
  if (item !== undefined && Array.isArray(value)) return value.map((each) => redact(item, each));
  if (!PLAIN.has(type) && options !== undefined) {
    return redactField(
      options.find((option) => v.is(option, value)),
      value,
    );
  }
  return PLAIN.has(type) ? value : UNKNOWN;
}

/** What a schema says of its values; null where it says nothing. */
export function hiddenBy(schema: v.GenericSchema): Hidden | null {
  for (const item of shapeOf(schema).pipe ?? []) {
    const hidden = item.metadata?.['hidden'];
    if (hidden === 'secret' || hidden === 'content') return hidden;
    // The first item is the schema itself without its pipe, the others may be schemas with one.
    const deeper = item.kind === 'schema' && 'pipe' in item ? hiddenBy(item as unknown as v.GenericSchema) : null;
    if (deeper !== null) return deeper;
  }
  return null;
}

const UNKNOWN = '[content]';

function redactField(schema: v.GenericSchema | undefined, value: unknown): unknown {
  if (schema !== undefined) return redact(schema, value);
  return value === null || value === undefined ? value : UNKNOWN;
}

function mapFields(value: unknown, map: (key: string, field: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return UNKNOWN;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, map(key, field)]));
}

function shapeOf(schema: v.GenericSchema): Shape {
  // Every field that is read is optional there.
  return schema as unknown as Shape;
}
