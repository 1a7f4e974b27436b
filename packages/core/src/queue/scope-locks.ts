// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import type { Statement } from '../database/statement.ts';
import type { CoreSchema } from '../entities/schema.ts';

/** Statements that go first in a unit which nobody else may run for the same scopes at the same time. */
export type ScopeLocks = (scopes: Iterable<string>) => readonly Statement[];

/** None where units run one at a time anyway. In one order for everybody, so that two units never wait for each other. */
export function prepareScopeLocks(db: Database<CoreSchema>): ScopeLocks {
  const { lockScope } = db.dialect;
  if (lockScope === null) return () => [];
  const lock = db.prepare<{ scope: string }>((k, p) => ({ compile: () => lockScope(p.scope).compile(k) }));
  return (scopes) => [...new Set(scopes)].toSorted().map((scope) => lock.bind({ scope }));
}
