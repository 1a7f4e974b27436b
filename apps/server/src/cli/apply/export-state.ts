// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { RELAY_FIELDS } from '@mail-proxy/core';
import { Document } from 'yaml';
import { nameOf, type Shown } from './plan.ts';
import { fieldsOf, isSecret, isText, type Resource } from './resources.ts';

/** Where editors find what may stand in the file. */
export const SCHEMA_LINE = '# yaml-language-server: $schema=./mail-proxy.schema.json';

/** The present state as a set-up file. Secrets are nowhere shown: what is to be named in their place is a comment. */
export function exportState(resources: readonly Resource[], there: ReadonlyMap<string, readonly Shown[]>): string {
  const parts = resources.flatMap((resource) => {
    const items = there.get(resource.key) ?? [];
    if (items.length === 0) return [];
    return [`${resource.key}:\n${items.map((shown) => itemText(resource, shown)).join('')}`];
  });
  return `${SCHEMA_LINE}\n${parts.join('\n')}`;
}

/** The same without the comments: what of it is no secret, by kinds. */
export function exportedFields(
  resources: readonly Resource[],
  there: ReadonlyMap<string, readonly Shown[]>,
): Readonly<Record<string, readonly Shown[]>> {
  const lists = resources.map((resource) => {
    const items = there.get(resource.key) ?? [];
    return [resource.key, items.map((shown) => plainFields(resource, shown))] as const;
  });
  return Object.fromEntries(lists.filter(([, items]) => items.length > 0));
}

function itemText(resource: Resource, shown: Shown): string {
  const text = new Document([plainFields(resource, shown)]).toString({ lineWidth: 0 });
  const lines = [...text.trimEnd().split('\n'), ...secretLines(resource, shown).map((line) => `  ${line}`)];
  return lines.map((line) => `  ${line}\n`).join('');
}

function fieldsToExport({ create }: Resource, shown: Shown) {
  const isSandbox = shown['type'] === 'sandbox';
  return Object.entries(fieldsOf(create)).filter(([field]) => !isSandbox || !relayFields.includes(field));
}

function plainFields(resource: Resource, shown: Shown): Shown {
  const plain = fieldsToExport(resource, shown).filter(
    ([field, schema]) => !isSecret(schema) && shown[field] !== null && shown[field] !== undefined,
  );
  return Object.fromEntries(plain.map(([field]) => [field, shown[field]]));
}

function secretLines(resource: Resource, shown: Shown): readonly string[] {
  return fieldsToExport(resource, shown).flatMap(([field, schema]) => {
    if (!isSecret(schema)) return [];
    // Of what is not shown at all, such as a private key, there is one.
    const seen = shown[`has_${field}`] ?? (field in shown ? shown[field] !== null : true);
    if (seen !== true) return [];
    const source = isText(schema) ? `{ env: ${variableFor(resource, shown, field)} }` : '(several fields, some secret)';
    return [`# ${field}: ${source}`];
  });
}

/** A sandbox takes none of them. */
const relayFields: readonly string[] = RELAY_FIELDS;

/** `ACME_MAIN_PASSWORD` */
function variableFor(resource: Resource, shown: Shown, field: string): string {
  return `${nameOf(resource, shown)}_${field}`.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
}
