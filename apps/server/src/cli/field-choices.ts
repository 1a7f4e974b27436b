// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { JsonSchema } from '../openapi/json-schema.ts';

/** The values that a field takes, where they are few and named; null where it takes others too. */
export function choicesOf(schema: JsonSchema): readonly string[] | null {
  const branches = branchesOf(schema).filter(({ type }) => type !== 'null');
  const named = branches.map((branch) => branch.enum ?? (branch.const === undefined ? null : [branch.const]));
  if (named.length === 0 || named.includes(null)) return null;
  return [...new Set(named.flatMap((values) => (values ?? []).filter((value) => value !== null).map(String)))];
}

/** The variants that a value may have, each by itself. */
export function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  return (schema.anyOf ?? schema.oneOf)?.flatMap(branchesOf) ?? [schema];
}
