// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { Clock } from '../../clock.ts';
import type { MakePk } from '../../identity.ts';
import { linesOf } from '../../operations/lines.ts';
import { defineOperation } from '../../operations/operation.ts';
import { invalidInput } from '../../operations/validate.ts';
import { DEFAULT_TENANT } from '../tenant/default-tenant.ts';
import {
  addSuppressionInput,
  checkedOutput,
  checkSuppressionInput,
  exportSuppressionsInput,
  importedOutput,
  importSuppressionsInput,
  listSuppressionsInput,
  suppressionOutput,
  suppressionPage,
  suppressionReference,
  suppressionView,
} from './suppression.schema.ts';
import type { NewSuppression, SuppressionFilter, SuppressionStore } from './suppression.store.ts';
import { parseSuppressible } from './suppression-address.ts';
import type { FindSuppressed } from './suppression-check.ts';
import { type ReadEntry, readEntries } from './suppression-entries.ts';

/** What the operations on lists of suppressed addresses use. */
export interface SuppressionServices {
  readonly suppressions: SuppressionStore;
  /** As mail is checked. */
  readonly findSuppressed: FindSuppressed;
  readonly clock: Clock;
  readonly makePk: MakePk;
}

const addSuppression = defineOperation({
  name: 'suppressions.add',
  summary: 'Put an address or a domain onto the suppression list; what stands there for it is replaced',
  http: { method: 'POST', path: '/v1/suppressions', status: 201 },
  access: 'tenant',
  scope: 'suppressions:write',
  audit: true,
  input: addSuppressionInput,
  output: suppressionOutput,
  async run({ suppressions, clock, makePk }: SuppressionServices, input, { reach }) {
    const now = clock.now();
    const entry: NewSuppression = {
      pk: makePk(),
      address: readAddress(input.address, '/address'),
      reason: input.reason,
      note: input.note ?? null,
      expiresAt: expiryOf(input.expires_at, now),
    };
    const options = { now, onExisting: 'replace' } as const;
    const [stored] = await suppressions.put(reach.tenantId ?? DEFAULT_TENANT, [entry], options);
    if (stored === undefined) throw new Error('an entry that replaces is always stored');
    return suppressionView(stored);
  },
});

const importSuppressions = defineOperation({
  name: 'suppressions.import',
  summary: 'Put up to 1000 addresses onto the suppression list, each for itself; what is wrong is told and left out',
  http: { method: 'POST', path: '/v1/suppressions/import' },
  access: 'tenant',
  scope: 'suppressions:write',
  audit: true,
  input: importSuppressionsInput,
  output: importedOutput,
  async run({ suppressions, clock, makePk }: SuppressionServices, input, { reach }) {
    const now = clock.now();
    const tenantId = reach.tenantId ?? DEFAULT_TENANT;
    const read = readEntries(input.entries, { tenantId, now, makePk });
    const good = read.flatMap((one) => (one.ok ? [one.entry] : []));
    const options = { now, onExisting: input.on_existing };
    const stored = await suppressions.put(tenantId, good, options);
    return importResult(read, new Map(stored.map(({ address, pk }) => [address, pk])), input.on_existing);
  },
});

const listSuppressions = defineOperation({
  name: 'suppressions.list',
  summary: 'List the suppressed addresses, the oldest first',
  http: { method: 'GET', path: '/v1/suppressions' },
  access: 'tenant',
  scope: 'suppressions:read',
  audit: false,
  input: listSuppressionsInput,
  output: suppressionPage,
  async run({ suppressions, clock }: SuppressionServices, { limit, after, ...filters }, { reach }) {
    const paging = { limit, after, now: clock.now() };
    const { items, next } = await suppressions.list(reach, filterOf(filters), paging);
    return { items: items.map(suppressionView), next };
  },
});

const exportSuppressions = defineOperation({
  name: 'suppressions.export',
  summary: 'Read the suppression list as lines of JSON, the oldest first',
  http: { method: 'GET', path: '/v1/suppressions/export', lines: suppressionOutput },
  access: 'tenant',
  scope: 'suppressions:read',
  audit: false,
  input: exportSuppressionsInput,
  output: linesOf(suppressionOutput),
  run: async ({ suppressions, clock }: SuppressionServices, input, { reach }) =>
    views(suppressions.each(reach, filterOf(input), clock.now())),
});

const checkSuppression = defineOperation({
  name: 'suppressions.check',
  summary: 'Tell whether mail would be sent to an address, or which entry stops it: its own or that of its domain',
  http: { method: 'GET', path: '/v1/suppressions/check' },
  access: 'tenant',
  scope: 'suppressions:read',
  audit: false,
  input: checkSuppressionInput,
  output: checkedOutput,
  async run({ findSuppressed }: SuppressionServices, input, { reach }) {
    const address = readAddress(input.address, '/address');
    const entry = (await findSuppressed(reach.tenantId ?? DEFAULT_TENANT, [address])).get(address);
    return { address, suppressed: entry !== undefined, by: entry?.address ?? null, reason: entry?.reason ?? null };
  },
});

const getSuppression = defineOperation({
  name: 'suppressions.get',
  summary: 'Show the entry of an address',
  http: { method: 'GET', path: '/v1/suppressions/{address}' },
  access: 'tenant',
  scope: 'suppressions:read',
  audit: false,
  input: suppressionReference,
  output: suppressionOutput,
  run: async ({ suppressions, clock }: SuppressionServices, { address }, { reach }) =>
    suppressionView(await suppressions.get(reach, referenceOf(address), clock.now())),
});

const removeSuppression = defineOperation({
  name: 'suppressions.remove',
  summary: 'Take an address off the suppression list',
  http: { method: 'DELETE', path: '/v1/suppressions/{address}', status: 204 },
  access: 'tenant',
  scope: 'suppressions:write',
  audit: true,
  input: suppressionReference,
  output: v.null(),
  async run({ suppressions, clock }: SuppressionServices, { address }, { reach }) {
    await suppressions.remove(reach, referenceOf(address), clock.now());
    return null;
  },
});

/** Commands on the lists of addresses that are not written to. Paths that are none of an address stand first. */
export const suppressionOperations = [
  addSuppression,
  importSuppressions,
  listSuppressions,
  exportSuppressions,
  checkSuppression,
  getSuppression,
  removeSuppression,
] as const;

function readAddress(text: string, pointer: string): string {
  const parsed = parseSuppressible(text);
  if (parsed.ok) return parsed.address;
  throw invalidInput([{ pointer, message: parsed.reason }]);
}

/** The form under which the list knows it; a key, and what is nothing of both, as it is. */
function referenceOf(text: string): string {
  const parsed = parseSuppressible(text);
  return parsed.ok ? parsed.address : text;
}

function expiryOf(text: string | null | undefined, now: number): number | null {
  if (text === null || text === undefined) return null;
  const at = Date.parse(text);
  if (at > now) return at;
  throw invalidInput([{ pointer: '/expires_at', message: 'expected a time to come' }]);
}

type Filters = v.InferOutput<typeof exportSuppressionsInput>;

function filterOf({ reason, domain, since }: Filters): SuppressionFilter {
  return {
    reason: reason ?? null,
    domain: domain === undefined ? null : readAddress(`@${domain.replace(/^@/, '')}`, '/domain'),
    since: since === undefined ? 0 : Date.parse(since),
  };
}

/** @param pks - of what was stored, by its address: another one than that of the entry where it stood before */
function importResult(
  read: readonly ReadEntry[],
  pks: ReadonlyMap<string, string>,
  onExisting: 'replace' | 'keep',
): v.InferOutput<typeof importedOutput> {
  const seen = new Set<string>();
  const made = new Set(read.flatMap((one) => (one.ok ? [one.entry.pk] : [])));
  const results = read.map((one, index): v.InferOutput<typeof importedOutput>['results'][number] => {
    if (!one.ok) return { index, status: 'rejected', address: null, problems: [...one.problems] };
    const { address } = one.entry;
    const pk = pks.get(address);
    // It stands by the one before.
    if (seen.has(address)) return { index, status: onExisting === 'keep' ? 'kept' : 'replaced', address };
    seen.add(address);
    return { index, status: pk === undefined ? 'kept' : made.has(pk) ? 'added' : 'replaced', address };
  });
  const count = (status: (typeof results)[number]['status']): number =>
    results.filter((result) => result.status === status).length;
  return {
    added: count('added'),
    replaced: count('replaced'),
    kept: count('kept'),
    rejected: count('rejected'),
    results,
  };
}

async function* views(rows: ReturnType<SuppressionStore['each']>): AsyncGenerator<ReturnType<typeof suppressionView>> {
  for await (const row of rows) yield suppressionView(row);
}
