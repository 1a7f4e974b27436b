// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Database, UniqueViolation } from '../../database/database.ts';
import { isMailProxyError, MailProxyError } from '../../errors.ts';
import type { CoreSchema } from '../schema.ts';

/**
 * Tell whether an insert failed since its tenant is gone: another instance may delete it between the moment when the
 * insert saw it and the check of the foreign key. Answers `not_found` then, and the error itself otherwise.
 */
export function prepareMissingTenant(
  database: Database<CoreSchema>,
): (error: unknown, tenantId: string) => Promise<unknown> {
  const find = database.prepare<{ id: string }, { id: string }>((k, p) =>
    k.selectFrom('tenants').select('id').where('id', '=', p.id),
  );
  return async (error, tenantId) => {
    if (isMailProxyError(error) || error instanceof UniqueViolation) return error;
    const [tenant] = await database.read(find.bind({ id: tenantId }));
    return error;
  };
}
