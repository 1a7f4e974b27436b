// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ImportParts } from './import-parts.ts';
import { dropAbsent, type Json, parseObject, type SourceRow, textOf } from './source-values.ts';
import { storeLeniently } from './store-leniently.ts';

/** Take the storages, as far as their protocols are known here. */
export async function takeStorages(parts: ImportParts): Promise<void> {
  const { source, onRows } = parts;
  for await (const rows of source.pages('storages')) {
    for (const row of rows) await takeStorage(parts, row);
    onRows('storages', rows.length);
  }
}

async function takeStorage({ run, secrets, findings }: ImportParts, row: SourceRow): Promise<void> {
  const [tenantId, name] = [textOf(row, 'tenant_id') ?? '', textOf(row, 'name') ?? ''];
  const id = `${tenantId}/${name}`;
  const protocol = textOf(row, 'protocol')?.toLowerCase() ?? '';
  const text = textOf(row, 'config');
  const config = text === null ? { kind: 'plain' as const, text: '{}' } : secrets.open(text);
  if (config.kind === 'unreadable') {
    findings.notTaken('storages', id, 'its configuration cannot be opened with the key that was given');
    return;
  }
  const parsed = parseObject(config.text);
  if (parsed === null) {
    findings.notTaken('storages', id, 'its configuration is no JSON object');
    return;
  }
  const input = { tenant_id: tenantId, name, protocol, config: configOf(protocol, parsed) };
  const stored = await storeLeniently({ run, operation: 'storages.create', input, required: Object.keys(input) });
  switch (stored.kind) {
    case 'refused':
      findings.notTaken('storages', id, stored.reason);
      return;
    case 'already_here':
      findings.alreadyHere('storages');
      return;
    case 'stored':
      findings.taken('storages');
      return;
    default:
      stored satisfies never;
  }
}

/** Of a folder the original also kept how links to it begin, and with what they are signed. */
function configOf(protocol: string, config: Json): Json {
  return protocol === 'local' ? dropAbsent({ base_path: config['base_path'] }) : dropAbsent(config);
}
