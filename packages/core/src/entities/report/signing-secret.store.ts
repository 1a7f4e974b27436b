// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { exactlyOne } from '../../database/statement.ts';
import { MailProxyError } from '../../errors.ts';
import type { Sealed } from '../../secrets/sealed-columns.ts';
import type { SealedPlace, Sealer } from '../../secrets/sealer.ts';
import type { CoreSchema } from '../schema.ts';
import type { SigningSecretsTable } from './report.table.ts';

/** A secret as it may be shown. */
export type SigningSecret = Omit<SigningSecretsTable, 'secret'>;

export interface Rotation {
  readonly tenantId: string;
  readonly pk: string;
  readonly now: number;
  /** How long the ones before go on signing. Milliseconds. */
  readonly overlapMs: number;
  /** Brought along, as `whsec_<base64>`. @defaultValue a new one */
  readonly secret?: string | undefined;
}

/** The secrets that sign what tenants are told. */
export interface SigningSecretStore {
  /**
   * Add a secret, and let those before end after the overlap.
   *
   * @returns the secret, which is shown this once
   * @throws {MailProxyError} `not_found` when there is no such tenant, `conflict` when it has five that sign
   */
  rotate(rotation: Rotation): Promise<{ readonly row: SigningSecret; readonly secret: string }>;
  /** Those that did not end, oldest first. */
  list(tenantId: string, now: number): Promise<readonly SigningSecret[]>;
  /** End one at once. @throws {MailProxyError} `not_found` */
  revoke(tenantId: string, pk: string): Promise<void>;
  /** Those that sign now, newest first, in clear. */
  secretsOf(tenantId: string, now: number): Promise<readonly string[]>;
}

/** Bytes of a new secret: as many as the HMAC has; Standard Webhooks asks for 24 to 64. */
const SECRET_BYTES = 32;
/** Each adds to the header of every call. */
const MAX_SECRETS = 5;

export function createSigningSecretStore(database: Database<CoreSchema>, sealer: Sealer): SigningSecretStore {
  const insert = database.prepare<{ pk: string; tenant_id: string; secret: Sealed; now: number }>((k, p) =>
    k
      .insertInto('signing_secrets')
      .columns(['pk', 'tenant_id', 'secret', 'created_at'])
      // Selected from the tenant, so that a tenant that does not exist is a row that was not inserted.
      .expression((eb) =>
        eb
          .selectFrom('tenants')
          .select([
            eb.val(p.pk).as('pk'),
            'tenants.id as tenant_id',
            eb.val(p.secret).as('secret'),
            eb.val(p.now).as('created_at'),
          ])
          .where('tenants.id', '=', p.tenant_id),
      ),
  );
  const endOthers = database.prepare<{ tenant_id: string; pk: string; until: number }>((k, p) =>
    k
      .updateTable('signing_secrets')
      .set({ expires_at: p.until })
      .where('tenant_id', '=', p.tenant_id)
      .where('pk', '<>', p.pk)
      .where(sql<boolean>`(expires_at is null or expires_at > ${p.until})`),
  );
  const removeEnded = database.prepare<{ tenant_id: string; now: number }>((k, p) =>
    k.deleteFrom('signing_secrets').where('tenant_id', '=', p.tenant_id).where('expires_at', '<=', p.now),
  );
  const remove = database.prepare<{ tenant_id: string; pk: string }>((k, p) =>
    k.deleteFrom('signing_secrets').where('tenant_id', '=', p.tenant_id).where('pk', '=', p.pk),
  );
  const find = database.prepare<{ tenant_id: string; now: number }, SigningSecretsTable>((k, p) =>
    k
      .selectFrom('signing_secrets')
      .selectAll()
      .where('tenant_id', '=', p.tenant_id)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', p.now)]))
      .orderBy('pk'),
  );

  return {
    async rotate({ tenantId, pk, now, overlapMs, secret = newSecret() }) {
      const signing = await database.read(find.bind({ tenant_id: tenantId, now }));
      if (signing.length >= MAX_SECRETS) {
        throw new MailProxyError('conflict', { detail: `${MAX_SECRETS} secrets sign already; end one of them first` });
      }
      const sealed = sealer.seal(secret, placeOf(pk));
      await database.write([
        exactlyOne(insert.bind({ pk, tenant_id: tenantId, secret: sealed, now }), 'not_found'),
        endOthers.bind({ tenant_id: tenantId, pk, until: now + overlapMs }),
        removeEnded.bind({ tenant_id: tenantId, now }),
      ]);
      return { row: { pk, tenant_id: tenantId, created_at: now, expires_at: null }, secret };
    },
    async list(tenantId, now) {
      const rows = await database.read(find.bind({ tenant_id: tenantId, now }));
      return rows.map(({ secret: _, ...shown }) => shown);
    },
    async revoke(tenantId, pk) {
      await database.write([exactlyOne(remove.bind({ tenant_id: tenantId, pk }), 'not_found')]);
    },
    async secretsOf(tenantId, now) {
      const rows = await database.read(find.bind({ tenant_id: tenantId, now }));
      return rows.toReversed().map(({ pk, secret }) => sealer.open(secret, placeOf(pk)));
    },
  };
}

function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

function placeOf(pk: string): SealedPlace {
  return { table: 'signing_secrets', column: 'secret', row: pk };
}
