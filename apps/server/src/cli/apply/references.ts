// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Environment, variableOf } from '../../env/environment.ts';
import { codeOf } from '../../env/error-code.ts';

/** A value that stands elsewhere: `{ env: NAME }` or `{ file: PATH }`. */
export interface Reference {
  readonly kind: 'env' | 'file';
  readonly name: string;
}

export interface ReferenceOptions {
  readonly env: Environment;
  /** Where paths of files begin: the folder of the set-up file. */
  readonly folder: string;
}

/** What is wrong with a reference; never repeats what it leads to. */
export class ReferenceProblem extends Error {
  override readonly name = 'ReferenceProblem';
}

export function asReference(value: unknown): Reference | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const [[kind, name] = [], ...others] = Object.entries(value);
  if (others.length > 0 || typeof name !== 'string') return null;
  return kind === 'env' || kind === 'file' ? { kind, name } : null;
}

/**
 * Put what they lead to in the place of all references in a value.
 *
 * @throws {ReferenceProblem}
 */
export function resolveReferences(value: unknown, options: ReferenceOptions): unknown {
  const reference = asReference(value);
  if (reference !== null) return read(reference, options);
  if (Array.isArray(value)) return value.map((each) => resolveReferences(each, options));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolveReferences(inner, options)]));
}

function read({ kind, name }: Reference, { env, folder }: ReferenceOptions): string {
  if (kind === 'env') {
    const value = variableOf(env, name);
    if (value === undefined) throw new ReferenceProblem(`the variable ${name} is not set`);
    return value;
  }
  try {
    // Editors end files with a line break that is no part of a password.
    return readFileSync(resolve(folder, name), 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new ReferenceProblem(`the file ${name} cannot be read (${codeOf(error)})`, { cause: error });
  }
}

/** Names of members that open something; others of a secret, such as its method, may stand in the file. */
const OPENS = /(password|passphrase|secret|token|_key|connection_string)$/i;

/** Whether a secret stands in the file itself, instead of where a reference leads. */
export function isPlain(secret: unknown): boolean {
  return typeof secret === 'string' || holdsPlain(secret);
}

function holdsPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || asReference(value) !== null) return false;
  return Object.entries(value).some(([key, inner]) =>
    typeof inner === 'string' ? OPENS.test(key) : holdsPlain(inner),
  );
}
