// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type * as v from 'valibot';
import type { InputProblem } from '../../errors.ts';
import { isMailProxyError } from '../../errors.ts';
import type { MakePk } from '../../identity.ts';
import { validate } from '../../operations/validate.ts';
import { entryFields, type importSuppressionsInput } from './suppression.schema.ts';
import type { NewSuppression } from './suppression.store.ts';
import { parseSuppressible } from './suppression-address.ts';

/** An entry of an import, or what is wrong with it. */
export type ReadEntry =
  | { readonly ok: true; readonly entry: NewSuppression }
  | { readonly ok: false; readonly problems: readonly InputProblem[] };

type GivenEntry = v.InferOutput<typeof importSuppressionsInput>['entries'][number];

/** Read the entries of an import to the tenant's list, each for itself. Pointers are those of the request. */
export function readEntries(
  entries: readonly GivenEntry[],
  { tenantId, now, makePk }: { readonly tenantId: string; readonly now: number; readonly makePk: MakePk },
): readonly ReadEntry[] {
  return entries.map((given, index) => {
    const problems: InputProblem[] = [];
    const wrong = (field: string, message: string): void =>
      void problems.push({ pointer: `/entries/${index}${field}`, message });
    const fields = fieldsOf(given, wrong);
    const parsed = parseSuppressible(given.address);
    if (!parsed.ok && given.address !== '') wrong('/address', parsed.reason);
    const at = typeof fields?.expires_at === 'string' ? Date.parse(fields.expires_at) : null;
    if (at !== null && at <= now) wrong('/expires_at', 'expected a time to come');
    if ((given.tenant_id ?? tenantId) !== tenantId) wrong('/tenant_id', `expected ${tenantId}, whose list this is`);
    if (fields === null || !parsed.ok || problems.length > 0) return { ok: false, problems };
    const { reason, note } = fields;
    return { ok: true, entry: { pk: makePk(), address: parsed.address, reason, note: note ?? null, expiresAt: at } };
  });
}

function fieldsOf(
  given: GivenEntry,
  wrong: (field: string, message: string) => void,
): v.InferOutput<typeof entryFields> | null {
  try {
    return validate(entryFields, given);
  } catch (error) {
    if (!isMailProxyError(error, 'invalid_input')) throw error;
    for (const { pointer, message } of error.problems) wrong(pointer, message);
    return null;
  }
}
