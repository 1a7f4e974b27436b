// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { KEY_SCHEMAS, serverConfigSchema } from './config-schema.ts';
import { withGenroDefaults } from './genro-defaults.ts';
import { VARIABLES, type Variable } from './variables.ts';

/** A key of the configuration, by the variable that sets it. */
export interface Setting {
  readonly key: string;
  /** Null where only the file, or code, sets it. */
  readonly variable: Variable | null;
  /** What holds where it is not given, in the unit of the key; undefined where the schema has no value for that. */
  readonly initial: unknown;
  /** The same as the variable, or else the file, takes it; null for nothing. */
  readonly initialText: string | null;
  /** Another one with `GMP_COMPAT=genro`; null where it is the same there. */
  readonly genroText: string | null;
}

/** Every variable, and then every key that has none. */
export function settings(): readonly Setting[] {
  const keys = new Set(VARIABLES.map(({ key }) => key.join('.')));
  const places = [
    ...VARIABLES.map((variable) => ({ key: variable.key.join('.'), variable })),
    ...[...KEY_SCHEMAS.keys()].filter((key) => !keys.has(key)).map((key) => ({ key, variable: null })),
  ];
  const defaults = v.parse(serverConfigSchema, {});
  const ofGenro = v.parse(serverConfigSchema, withGenroDefaults({ compat: 'genro' }));
  return places.map(({ key, variable }) => {
    const initial = initialOf(key, defaults);
    const genro = key === 'compat' ? initial : initialOf(key, ofGenro);
    const genroText = isDeepStrictEqual(genro, initial) ? null : textOf(genro, variable);
    return { key, variable, initial, initialText: textOf(initial, variable), genroText };
  });
}

function initialOf(key: string, values: unknown): unknown {
  const schema = KEY_SCHEMAS.get(key);
  // What is made anew each time, as the name of the machine, is no value to show.
  if (schema !== undefined && 'default' in schema && typeof schema.default === 'function') return undefined;
  return key.split('.').reduce((inner, name) => Object(inner)[name], values);
}

function textOf(value: unknown, variable: Variable | null): string | null {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return null;
  if (variable === null) return typeof value === 'string' ? value : JSON.stringify(value);
  const text = variable.write(value);
  if (isDeepStrictEqual(variable.read(text), value)) return text;
  throw new TypeError(`${variable.name} does not read ${text} as what it is`);
}
