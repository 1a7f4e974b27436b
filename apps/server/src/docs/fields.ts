// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { JsonSchema } from '../openapi/json-schema.ts';

/** One line of a table of fields. */
export interface FieldRow {
  /** With its parents: `attachments[].filename`. */
  readonly name: string;
  readonly isRequired: boolean;
  /** What it is, for a reader: `string or null, at most 200 characters`. */
  readonly meaning: string;
}

/** Deep enough for every shape there is; a schema that contained itself would end here. */
const MAX_DEPTH = 4;

/** List the fields of an object, those of objects inside it below their parent. */
export function fieldRows(schema: JsonSchema, parent = '', depth = 0): readonly FieldRow[] {
  if (depth >= MAX_DEPTH) return [];
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const name = parent + key;
    const row = { name, isRequired: schema.required?.includes(key) === true, meaning: meaningOf(inner) };
    const variants = branchesOf(inner)
      .map((branch) =>
        branch.type === 'array' && branch.items
          ? fieldRows(branch.items, `${name}[].`, depth + 1)
          : fieldRows(branch, `${name}.`, depth + 1),
      )
      .filter((rows) => rows.length > 0);
    return [row, ...mergeVariants(variants)];
  });
}

/** A field that several variants have is one line; required is what every one of them requires. */
function mergeVariants(variants: readonly (readonly FieldRow[])[]): readonly FieldRow[] {
  const names = [...new Set(variants.flat().map(({ name }) => name))];
  return names.map((name) => {
    const rows = variants.flatMap((variant) => variant.filter((row) => row.name === name));
    return {
      name,
      isRequired: rows.length === variants.length && rows.every(({ isRequired }) => isRequired),
      meaning: [...new Set(rows.map(({ meaning }) => meaning))].join(' or '),
    };
  });
}

/** Say in words what a value may be. */
export function meaningOf(schema: JsonSchema): string {
  const branches = [...new Set(branchesOf(schema).map(branchMeaning))];
  const initial = schema.default;
  const shown = initial === undefined || JSON.stringify(initial).length <= 2 ? '' : `; default ${show(initial)}`;
  const description = schema.description === undefined ? '' : `. ${schema.description}`;
  return branches.join(' or ') + shown + description;
}

function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  return (schema.anyOf ?? schema.oneOf)?.flatMap(branchesOf) ?? [schema];
}

function branchMeaning(schema: JsonSchema): string {
  if (schema.const !== undefined) return show(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(show).join(', ');
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : pluralOf(schema.items)}`;
  if (schema.type === undefined) return 'anything';
  return schema.type + limits(schema);
}

function pluralOf(items: JsonSchema): string {
  const types = [...new Set(branchesOf(items).map((branch) => branch.type ?? 'thing'))];
  return types.map((type) => `${type}s`).join(' or ');
}

function limits({ minimum, maximum, maxLength }: JsonSchema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` from ${minimum}`;
  return maxLength === undefined ? '' : ` of at most ${maxLength} characters`;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
