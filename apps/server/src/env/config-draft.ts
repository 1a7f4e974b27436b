// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type InputProblem, MailProxyError } from '@mail-proxy/core';
import { type Environment, variableOf } from './environment.ts';
import { codeOf } from './error-code.ts';
import { nearestName } from './nearest-name.ts';
import { OTHER_VARIABLES, VARIABLES } from './variables.ts';

/** What was given before it is parsed, and who gave it. */
export interface ConfigDraft {
  readonly values: Readonly<Record<string, unknown>>;
  /** Name the source of the value at a key: the variable, or the file with the key. */
  readonly sourceOf: (key: string) => string;
  readonly problems: readonly InputProblem[];
}

interface Sources {
  /** Which variable set the value at a key. */
  readonly setBy: ReadonlyMap<string, string>;
  readonly fromFile: Readonly<Record<string, unknown>>;
  readonly file: string;
}

/** Lay the environment over the configuration file: a variable wins. */
export function draftConfig(env: Environment, fromFile: Readonly<Record<string, unknown>>, file: string): ConfigDraft {
  // This copy is ours to write to.
  const values: Record<string, unknown> = structuredClone(fromFile);
  const setBy = new Map<string, string>();
  const problems = unknownVariables(env);
  for (const { name, key, read } of VARIABLES) {
    const text = variableOf(env, name);
    if (text === undefined) continue;
    const dotted = key.join('.');
    const other = setBy.get(dotted);
    if (other !== undefined && variableOf(env, other) !== text) {
      problems.push({ pointer: name, message: `says the same as ${other}, and differs; give one of them` });
      continue;
    }
    setBy.set(dotted, name);
    let value: unknown;
    try {
      value = read(text);
    } catch (error) {
      problems.push({ pointer: name, message: `the file cannot be read (${codeOf(error)})` });
      continue;
    }
    put(values, key, value);
  }
  return { values, sourceOf: (key) => sourceOf(key, { setBy, fromFile, file }), problems };
}

/** Who says the value at a key, or a part of it; where a section is wrong as a whole, each variable that is part of it. */
function sourceOf(key: string, { setBy, fromFile, file }: Sources): string {
  const owner = [...setBy].find(([dotted]) => key === dotted || key.startsWith(`${dotted}.`));
  if (owner !== undefined) return owner[1];
  const parts = [...setBy].flatMap(([dotted, name]) => (dotted.startsWith(`${key}.`) ? [name] : []));
  if (parts.length > 0 && !(key in fromFile)) return parts.join(', ');
  return file === '' ? key : `${file}: ${key}`;
}

/**
 * A mistyped name would otherwise be a setting that silently does nothing. Variables of the test suites are no
 * business of the server.
 */
function unknownVariables(env: Environment): InputProblem[] {
  const known = [...VARIABLES.map(({ name }) => name), ...OTHER_VARIABLES];
  return Object.keys(env)
    .filter((name) => /^GMP_(?!TEST_|REQUIRE_)/.test(name) && !known.includes(name))
    .map((name) => {
      const nearest = nearestName(name, known);
      return { pointer: name, message: `unknown variable${nearest === undefined ? '' : `; did you mean ${nearest}?`}` };
    });
}

function put(values: Record<string, unknown>, [head, ...rest]: readonly string[], value: unknown): void {
  if (head === undefined) throw new MailProxyError('invalid_config', { detail: 'a variable sets no key' });
  if (rest.length === 0) {
    values[head] = value;
    return;
  }
  const section = values[head] ?? {};
  // A section that is no object is reported when it is parsed.
  if (typeof section !== 'object' || Array.isArray(section)) return;
  const copy: Record<string, unknown> = { ...section };
  put(copy, rest, value);
  values[head] = copy;
}
