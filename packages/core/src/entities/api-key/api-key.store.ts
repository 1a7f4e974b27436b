// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock, systemClock } from '../../clock.ts';
import type { Database } from '../../database/database.ts';
import { exactlyOne, type Prepared, type Statement } from '../../database/statement.ts';
import type { Principal } from '../../operations/principal.ts';
import { ChangeListeners } from '../change-listeners.ts';
import { type Page, type Paging, pageFrom, pageInput } from '../paging.ts';
import { RecentCache } from '../recent-cache.ts';
import type { CoreSchema } from '../schema.ts';
import type { ApiKeysTable } from './api-key.table.ts';

/** A key as it may be shown. */
export type ApiKey = Omit<ApiKeysTable, 'hash'>;

export interface NewApiKey {
  readonly tenantId: string;
  readonly label: string;
  /** Becomes the id, without its dashes. */
  readonly pk: string;
  readonly now: number;
}

export interface DraftedApiKey {
  /** What its holder sends; exists nowhere else. */
  readonly token: string;
  readonly key: ApiKey;
  /** For a unit; fails it with `not_found` where the tenant does not exist by then. */
  readonly insert: Statement;
}

/** Tokens of tenants and operators. */
export interface ApiKeyStore {
  /** Make a key without storing it. */
  draft(key: NewApiKey): DraftedApiKey;
  /** @throws {MailProxyError} `not_found` when there is no such tenant */
  create(key: NewApiKey): Promise<DraftedApiKey>;
  /** In the order in which they were made, revoked ones included. */
  list(tenantId: string, paging: Paging): Promise<Page<ApiKey>>;
  /**
   * End a key. This process refuses it at once, others within a second.
   *
   * @throws {MailProxyError} `not_found`, also when it was revoked before
   */
  revoke(tenantId: string, id: string, now: number): Promise<void>;
  /** Whose token it is; null for one that is unknown, revoked or expired. */
  authenticate(token: string): Promise<Principal | null>;
  /** Read every key anew: its tenant was changed, or another process revoked one. */
  forget(): void;
  /** Be told the id of each key that this process revokes. Disposing ends it. */
  onChange(listener: (id: string) => void): Disposable;
}

/** The id between the prefix and the secret finds the row; the secret is 32 bytes in base64url. */
const TOKEN = /^mp_live_([0-9a-f]{32})_[A-Za-z0-9_-]{43}$/;
const SECRET_BYTES = 32;

const MAX_CACHED_KEYS = 1_000;
/** How long a revocation by another instance may go unnoticed. */
const MAX_CACHE_AGE_MS = 1_000;

export function createApiKeyStore(database: Database<CoreSchema>, clock: Clock = systemClock): ApiKeyStore {
  const { insert, find, list, revoke } = prepareStatements(database);
  const cache = new RecentCache<ApiKeysTable>({
    maxEntries: MAX_CACHED_KEYS,
    maxAgeMs: MAX_CACHE_AGE_MS,
    clock,
  });
  const listeners = new ChangeListeners();

  const draft = ({ tenantId, label, pk, now }: NewApiKey): DraftedApiKey => {
    const id = pk.replaceAll('-', '');
    const token = `mp_live_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
    const key: ApiKey = {
      id,
      tenant_id: tenantId,
      scopes: 'tenant',
      label,
      created_at: now,
      expires_at: null,
      revoked_at: null,
    };
    const hash = hashOf(token).toString('hex');
    return { token, key, insert: exactlyOne(insert.bind({ id, tenantId, label, now, hash }), 'not_found') };
  };

  return {
    draft,

    async create(key) {
      const drafted = draft(key);
      await database.write([drafted.insert]);
      return drafted;
    },

    async list(tenantId, paging) {
      const rows = await database.read(list.bind({ tenantId, ...pageInput(paging) }));
      return pageFrom(rows, paging.limit, (key) => key.id);
    },

    async revoke(tenantId, id, now) {
      await database.write([exactlyOne(revoke.bind({ id, tenantId, now }), 'not_found')]);
      cache.clear();
      listeners.tell(id);
    },

    async authenticate(token) {
      const id = TOKEN.exec(token)?.[1];
      if (id === undefined) return null;
      const row = await cache.get(id, async () => (await database.read(find.bind({ id })))[0] ?? null);
      if (row === null || !timingSafeEqual(hashOf(token), Buffer.from(row.hash, 'hex'))) return null;
      const ended = row.revoked_at !== null || (row.expires_at !== null && row.expires_at <= clock.now());
      return ended ? null : principalOf(row);
    },

    forget: () => cache.clear(),
    onChange: (listener) => listeners.add(listener),
  };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function principalOf({ id, scopes, tenant_id: tenantId }: ApiKeysTable): Principal | null {
  const name = `key ${id}`;
  if (scopes === 'tenant' && tenantId !== null) return { kind: 'tenant', name, tenantId };
  if (scopes === 'admin' && tenantId === null) return { kind: 'admin', name };
  if (scopes === 'metrics' && tenantId === null) return { kind: 'metrics', name };
  return null;
}

interface Statements {
  readonly insert: Prepared<{ id: string; tenantId: string; label: string; now: number; hash: string }, unknown>;
  readonly find: Prepared<{ id: string }, ApiKeysTable>;
  readonly list: Prepared<{ tenantId: string; after: string; rows: number }, ApiKey>;
  readonly revoke: Prepared<{ id: string; tenantId: string; now: number }, unknown>;
}

function prepareStatements(database: Database<CoreSchema>): Statements {
  return {
    // Selected from the tenant, so that a tenant that does not exist is a row that was not inserted.
    insert: database.prepare((k, p) =>
      k
        .insertInto('api_keys')
        .columns(['id', 'hash', 'tenant_id', 'scopes', 'label', 'created_at'])
        .expression((eb) =>
          eb
            .selectFrom('tenants')
            .select([
              eb.val(p.id).as('id'),
              eb.val(p.hash).as('hash'),
              'tenants.id as tenant_id',
              eb.val('tenant').as('scopes'),
              eb.val(p.label).as('label'),
              eb.val(p.now).as('created_at'),
            ])
            .where('tenants.id', '=', p.tenantId),
        ),
    ),
    find: database.prepare((k, p) => k.selectFrom('api_keys').selectAll().where('id', '=', p.id)),
    list: database.prepare((k, p) =>
      k
        .selectFrom('api_keys')
        .select(['id', 'tenant_id', 'scopes', 'label', 'created_at', 'expires_at', 'revoked_at'])
        .where('tenant_id', '=', p.tenantId)
        .where('id', '>', p.after)
        .orderBy('id')
        .limit(p.rows),
    ),
    revoke: database.prepare((k, p) =>
      k
        .updateTable('api_keys')
        .set({ revoked_at: p.now })
        .where('id', '=', p.id)
        .where('tenant_id', '=', p.tenantId)
        .where('revoked_at', 'is', null),
    ),
  };
}
