// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AnyOperation } from '@mail-proxy/core';
import type { Example } from '../openapi/examples.ts';
import { inputPlaces } from '../openapi/input-places.ts';
import { flagName } from './flag.ts';

/** The command line that sends an example. */
export function exampleLine(operation: AnyOperation, example: Example): string {
  const path = inputPlaces(operation).path.map(({ name }) => name);
  const words = ['mail-proxy', ...operation.name.split(/\.(.*)/s).filter((word) => word !== '')];
  const values = path.map((name) => quoted(example[name] ?? name.toUpperCase()));
  const rest = Object.entries(example).filter(([name]) => !path.includes(name));
  // A list of objects reads better as the whole input.
  const isDeep = rest.some(([, value]) => Array.isArray(value));
  const flags = isDeep ? ['--data @input.json'] : rest.map(([name, value]) => `${flagName(name)} ${quoted(value)}`);
  return [...words, ...values, ...flags].join(' ');
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
