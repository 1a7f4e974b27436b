// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isDeepStrictEqual } from 'node:util';
import { identityOf, type SetUp, type Wanted } from './read-set-up.ts';
import { asReference } from './references.ts';
import { fieldsOf, isSecret, type Resource } from './resources.ts';

/** A thing as the server shows it. */
export type Shown = Readonly<Record<string, unknown>>;

/** One field that changes. */
export interface FieldChange {
  readonly field: string;
  /** Undefined where there was none to see. */
  readonly from?: unknown;
  /** As it is written; of a secret where it comes from. */
  readonly to: unknown;
}

export interface Change {
  readonly action: 'create' | 'update' | 'delete';
  readonly resource: Resource;
  /** `acme/main`. */
  readonly name: string;
  /** What the operation is called with; the tenant and the fields. */
  readonly input: Shown;
  /** What is there; null for what is created. */
  readonly shown: Shown | null;
  readonly fields: readonly FieldChange[];
}

export interface Plan {
  /** In the order in which they are made. */
  readonly changes: readonly Change[];
  /** Things of the file that are as they should be. */
  readonly same: number;
  /** What differs and cannot be changed, a sentence each. */
  readonly impossible: readonly string[];
}

export interface PlanOptions {
  /** Delete what is there and not in the file, of the kinds that it lists. */
  readonly prune: boolean;
  /** Send secrets too that are there: whether they are the same nobody can tell. */
  readonly setSecrets: boolean;
  /** Delete of this tenant only; null for all. */
  readonly tenantId: string | null;
}

/** Find what makes the server as the file wants it. */
export function planChanges(
  { wanted, listed }: SetUp,
  there: ReadonlyMap<string, readonly Shown[]>,
  options: PlanOptions,
): Plan {
  const changes: Change[] = [];
  const impossible: string[] = [];
  let same = 0;
  for (const each of wanted) {
    const found = (there.get(each.resource.key) ?? []).find((shown) => isSame(each, shown));
    const change = found === undefined ? creation(each) : changeOf(each, found, options);
    if (change === null) same += 1;
    else {
      const fixed = fixedFields(change);
      if (fixed.length > 0)
        impossible.push(`${each.resource.key} ${change.name}: ${fixed.join(', ')} cannot be changed`);
      else changes.push(change);
    }
  }
  if (options.prune) {
    for (const resource of listed.toReversed()) changes.push(...deletions(resource, wanted, { there, ...options }));
  }
  return { changes, same, impossible };
}

/** `acme/main` of an account, `acme` of a tenant. */
export function nameOf(resource: Resource, fields: Shown): string {
  const parts = identityOf(resource, fields).map(([, value]) => value);
  return parts.filter((part) => part !== null).join('/');
}

function isSame({ resource, made }: Wanted, shown: Shown): boolean {
  return isDeepStrictEqual(identityOf(resource, made), identityOf(resource, shown));
}

/** Fields of a change that no operation changes. */
function fixedFields({ action, resource: { update }, fields }: Change): readonly string[] {
  if (action !== 'update') return [];
  const known = update === null ? {} : fieldsOf(update);
  return fields.map(({ field }) => field).filter((field) => !(field in known));
}

function creation({ resource, input, made, written }: Wanted): Change {
  const hidden = secretsOf(resource);
  const fields = Object.entries(written)
    .filter(([field]) => !namesOf(resource).includes(field))
    .map(([field, value]) => ({ field, to: hidden.has(field) ? sourceOf(value) : value }));
  return { action: 'create', resource, name: nameOf(resource, made), input, shown: null, fields };
}

function changeOf(wanted: Wanted, shown: Shown, { setSecrets }: PlanOptions): Change | null {
  const { resource, written, input, made } = wanted;
  const hidden = secretsOf(resource);
  const fields: FieldChange[] = [];
  for (const [field, value] of Object.entries(written)) {
    if (namesOf(resource).includes(field)) continue;
    if (hidden.has(field)) {
      const isAgain = setSecrets && resource.update !== null;
      if (isAgain || secretDiffers(field, value, shown)) fields.push({ field, to: sourceOf(value) });
    } else if (field in shown && !isWithin(input[field], shown[field]) && !isWithin(made[field], shown[field])) {
      fields.push({ field, from: shown[field], to: value });
    }
  }
  if (fields.length === 0) return null;
  const changed = Object.fromEntries(fields.map(({ field }) => [field, input[field]]));
  return { action: 'update', resource, name: nameOf(resource, made), input: changed, shown, fields };
}

/** As far as anybody can tell: whether there is one, and what is shown of it, such as the method of an authentication. */
function secretDiffers(field: string, value: unknown, shown: Shown): boolean {
  const seen = shown[`has_${field}`] ?? shown[field];
  // Such as a private key, without which there is no thing.
  if (seen === undefined) return false;
  const isThere = seen !== null && seen !== false;
  if (!isThere || value === null) return isThere !== (value !== null);
  if (typeof seen !== 'object' || typeof value !== 'object') return false;
  return Object.entries(seen).some(([key, part]) => key in value && !isWithin((value as Shown)[key], part));
}

interface DeletionOptions extends PlanOptions {
  readonly there: ReadonlyMap<string, readonly Shown[]>;
}

function deletions(
  resource: Resource,
  wanted: readonly Wanted[],
  { there, tenantId }: DeletionOptions,
): readonly Change[] {
  const own = wanted.filter((each) => each.resource === resource);
  return (
    (there.get(resource.key) ?? [])
      .filter((shown) => !own.some((each) => isSame(each, shown)))
      .filter(
        (shown) => tenantId === null || tenantId === (resource.key === 'tenants' ? shown['id'] : shown['tenant_id']),
      )
      // It is there from the start, and comes back.
      .filter((shown) => resource.key !== 'tenants' || shown['id'] !== 'default')
      .map(
        (shown) =>
          ({
            ...{ action: 'delete', resource, name: nameOf(resource, shown), input: {}, shown, fields: [] },
          }) as const,
      )
  );
}

function namesOf(resource: Resource): readonly string[] {
  return ['tenant_id', ...resource.identity];
}

function secretsOf({ create }: Resource): ReadonlySet<string> {
  return new Set(Object.entries(fieldsOf(create)).flatMap(([field, schema]) => (isSecret(schema) ? [field] : [])));
}

/** Never the secret itself. */
function sourceOf(value: unknown): string {
  const reference = asReference(value);
  if (value === null) return '(none)';
  return reference === null ? '(secret)' : `(secret, from ${reference.kind} ${reference.name})`;
}

/** Whether all that is wanted is so; of an object the members that are not named stay as they are. */
function isWithin(wanted: unknown, shown: unknown): boolean {
  if (typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted)) {
    if (typeof shown !== 'object' || shown === null) return false;
    return Object.entries(wanted).every(([key, value]) => isWithin(value, (shown as Shown)[key]));
  }
  return isDeepStrictEqual(wanted ?? null, shown ?? null);
}
