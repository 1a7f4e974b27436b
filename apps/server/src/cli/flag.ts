// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { InputField } from '../openapi/input-places.ts';
import type { JsonSchema } from '../openapi/json-schema.ts';
import { branchesOf } from './field-choices.ts';
import { UsageError } from './usage-error.ts';

/** How the text of a flag becomes a field. */
export type FlagKind = 'text' | 'number' | 'boolean' | 'list' | 'json';

/** One field of an operation as a flag. */
export interface Flag {
  readonly field: string;
  readonly kind: FlagKind;
  readonly schema: JsonSchema;
}

export function flagOf({ name, schema }: InputField): Flag {
  return { field: name, kind: kindOf(schema), schema };
}

/** `--client-base-url` for client_base_url. */
export function flagName(field: string): string {
  return `--${field.replaceAll('_', '-')}`;
}

/** What stands behind the name in the help. */
export function placeholder({ kind }: Flag): string {
  return { text: ' <text>', number: ' <number>', boolean: ' [true|false]', list: ' <text...>', json: ' <json>' }[kind];
}

/**
 * Read what was written behind a flag.
 *
 * @throws {UsageError} when it is not of the flag's kind
 */
export function readFlag({ field, kind, schema }: Flag, given: unknown): unknown {
  if (kind === 'boolean') return readBoolean(field, given);
  if (kind === 'list') return readList(schema, Array.isArray(given) ? given.map(String) : [String(given)]);
  const text = String(given);
  if (kind === 'json') return readJson(field, text);
  if (kind === 'number') return readNumber(field, text, schema);
  return text;
}

function kindOf(schema: JsonSchema): FlagKind {
  const branches = branchesOf(schema);
  const has = (type: string): boolean => branches.some((branch) => branch.type === type);
  const lists = branches.filter((branch) => branch.type === 'array');
  if (lists.some((list) => list.items?.type !== 'string')) return 'json';
  if (lists.length > 0) return 'list';
  if (has('object')) return 'json';
  if (has('boolean')) return 'boolean';
  return has('number') || has('integer') ? 'number' : 'text';
}

function readBoolean(field: string, given: unknown): boolean {
  if (given === true || given === 'true') return true;
  if (given === 'false') return false;
  throw new UsageError(`${flagName(field)} takes true or false`);
}

/** A number may also have names, as priorities do: the server knows which. */
function readNumber(field: string, text: string, schema: JsonSchema): number | string {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (branchesOf(schema).some((branch) => branch.type === 'string')) return text;
  throw new UsageError(`${flagName(field)} takes a number`);
}

function readList(schema: JsonSchema, texts: readonly string[]): unknown {
  const [only] = texts;
  const takesOne = branchesOf(schema).some((branch) => branch.type === 'string');
  return texts.length === 1 && takesOne ? only : texts;
}

function readJson(field: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${flagName(field)} takes JSON; for larger texts use --data @file.json`, { cause: error });
  }
}
