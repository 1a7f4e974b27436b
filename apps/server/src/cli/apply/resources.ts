// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, hiddenBy } from '@mail-proxy/core';
import type { GenericSchema } from 'valibot';

/** One kind of thing that a set-up file lists. */
export interface Resource {
  /** The key of its list in the file: `dkim_keys` of `dkim-keys`. */
  readonly key: string;
  /** Fields that name one of them, beside its tenant. */
  readonly identity: readonly string[];
  readonly create: AnyOperation;
  readonly list: AnyOperation;
  readonly remove: AnyOperation;
  /** Null where a thing of this kind is never changed. */
  readonly update: AnyOperation | null;
}

/**
 * What names a thing of each kind, in the order in which they need each other. All else is told by the operations: their
 * fields, which of them are secret, and whether there is a change.
 */
const IDENTITIES: Readonly<Record<string, readonly string[]>> = {
  tenants: ['id'],
  accounts: ['id'],
  storages: ['name'],
  'dkim-keys': ['domain', 'selector', 'account_id'],
  mailboxes: ['name'],
};

/** The kinds that these operations know. */
export function resourcesOf(operations: readonly AnyOperation[]): readonly Resource[] {
  const named = (name: string): AnyOperation | null => operations.find((each) => each.name === name) ?? null;
  return Object.entries(IDENTITIES).flatMap(([prefix, identity]) => {
    const [create, list, remove] = ['create', 'list', 'delete'].map((verb) => named(`${prefix}.${verb}`));
    if (!create || !list || !remove) return [];
    return [{ key: prefix.replaceAll('-', '_'), identity, create, list, remove, update: named(`${prefix}.update`) }];
  });
}

/** Valibot's schemas of objects have entries, its wrappers what they wrap. */
interface Shape {
  readonly type: string;
  readonly entries?: Readonly<Record<string, GenericSchema>>;
  readonly wrapped?: GenericSchema;
}

/** The fields of an operation's input. */
export function fieldsOf({ input }: AnyOperation): Readonly<Record<string, GenericSchema>> {
  // Inputs are strict objects.
  return (input as unknown as Shape).entries ?? {};
}

/** Whether what the server shows of a field may be null; so is what it never shows. */
export function canBeNull({ create: { output } }: Resource, field: string): boolean {
  // Outputs are objects.
  const shown = (output as unknown as Shape).entries?.[field];
  return shown === undefined || shown.type === 'nullable';
}

export function isSecret(schema: GenericSchema | undefined): boolean {
  if (schema === undefined) return false;
  if (hiddenBy(schema) !== null) return true;
  return isSecret((schema as unknown as Shape).wrapped);
}

/** Whether one text is the whole of a field. */
export function isText(schema: GenericSchema): boolean {
  const { wrapped } = schema as unknown as Shape;
  return wrapped === undefined ? schema.type === 'string' : isText(wrapped);
}
