// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ImportParts } from './import-parts.ts';
import { asObject, batchCodeOf, type SourceRow, textOf } from './source-values.ts';
import { storeLeniently } from './store-leniently.ts';

/**
 * Suspend what was suspended of a tenant.
 *
 * @param isUsed - somebody may have activated since what an earlier run suspended: it is not suspended again
 */
export async function suspend(
  { run, findings }: Pick<ImportParts, 'run' | 'findings'>,
  row: SourceRow,
  { id, isUsed }: { readonly id: string; readonly isUsed: boolean },
): Promise<void> {
  const said = (textOf(row, 'suspended_batches') ?? '').split(',').map(batchCodeOf);
  const codes = new Set(said.flatMap((code) => (code === null || code === '*' ? [] : [code])));
  const isWhole = said.includes('*');
  if (isUsed) {
    findings.alreadyHere('suspended_batches', codes.size + (isWhole ? 1 : 0));
    return;
  }
  if (isWhole) {
    const isSuspended = asObject(await run('tenants.get', { tenant_id: id }))?.['suspended'] === true;
    if (isSuspended) findings.alreadyHere('suspended_batches');
    else {
      await run('tenants.suspend', { tenant_id: id });
      findings.taken('suspended_batches');
    }
  }
  for (const code of codes) await suspendBatch({ run, findings }, { tenant_id: id, batch_code: code });
}

async function suspendBatch(
  { run, findings }: Pick<ImportParts, 'run' | 'findings'>,
  input: { readonly tenant_id: string; readonly batch_code: string },
): Promise<void> {
  const required = Object.keys(input);
  const seen = await storeLeniently({
    run,
    operation: 'batches.suspend',
    input: { ...input, dry_run: true },
    required,
  });
  if (seen.kind === 'refused') {
    findings.notTaken('suspended_batches', `${input.tenant_id}/${input.batch_code}`, seen.reason);
    return;
  }
  if (seen.kind === 'stored' && asObject(seen.output)?.['suspended'] === true) {
    findings.alreadyHere('suspended_batches');
    return;
  }
  await run('batches.suspend', input);
  findings.taken('suspended_batches');
}
