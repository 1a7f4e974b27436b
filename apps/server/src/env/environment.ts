// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of a variable. An empty one counts as not given: container tools pass on what was left out that way. */
export function variableOf(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}
