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

function itemText(resource: Resource, shown: Shown): string {
  const fields = fieldsOf(resource.create);
  const plain: Record<string, unknown> = {};
  const secrets: string[] = [];
  for (const [field, schema] of Object.entries(fields)) {
    if (shown['type'] === 'sandbox' && relayFields.includes(field)) continue;
    if (isSecret(schema)) {
      // Of what is not shown at all, such as a private key, there is one.
      const seen = shown[`has_${field}`] ?? (field in shown ? shown[field] !== null : true);
      if (seen !== true) continue;
      const source = isText(schema)
        ? `{ env: ${variableFor(resource, shown, field)} }`
        : '(several fields, some secret)';
      secrets.push(`# ${field}: ${source}`);
    } else if (shown[field] !== null && shown[field] !== undefined) plain[field] = shown[field];
  }
  const text = new Document([plain]).toString({ lineWidth: 0 });
  return [...text.trimEnd().split('\n'), ...secrets.map((line) => `  ${line}`)].map((line) => `  ${line}\n`).join('');
}

/** A sandbox takes none of them. */
const relayFields: readonly string[] = RELAY_FIELDS;

/** `ACME_MAIN_PASSWORD` */
function variableFor(resource: Resource, shown: Shown, field: string): string {
  return `${nameOf(resource, shown)}_${field}`.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
}
