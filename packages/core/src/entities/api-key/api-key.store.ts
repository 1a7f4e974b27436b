// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { timingSafeEqual } from 'node:crypto';
import { type Clock, systemClock } from '../../clock.ts';
import type { Database } from '../../database/database.ts';
import { exactlyOne, type Statement } from '../../database/statement.ts';
import { MailProxyError } from '../../errors.ts';
import { ChangeListeners } from '../change-listeners.ts';
import { type Page, type Paging, pageFrom, pageInput } from '../paging.ts';
import { RecentCache } from '../recent-cache.ts';
import type { CoreSchema } from '../schema.ts';
import {
  type ApiKey,
  type KeyKind,
  keyLimits,
  keyOf,
  limitColumns,
  principalOf,
  type StoredLimits,
} from './api-key.model.ts';
import { prepareApiKeyStatements } from './api-key.statements.ts';
import { hashOf, keyIdOf, makeToken } from './api-key.token.ts';
import type { Identified, KnownKey } from './identified.ts';

/** Whose keys: a tenant's, or with null the operator's own tokens. */
export interface KeyOwner {
  readonly tenantId: string | null;
}

export interface NewApiKey extends KeyOwner {
  readonly kind: KeyKind;
  readonly label: string;
  readonly limits: StoredLimits;
  readonly expiresAt: number | null;
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
  list(owner: KeyOwner, paging: Paging): Promise<Page<ApiKey>>;
  /** @throws {MailProxyError} `not_found` */
  get(owner: KeyOwner, id: string): Promise<ApiKey>;
  /**
   * Write a key as it is to be.
   *
   * @param key - with the version that was read
   * @throws {MailProxyError} `conflict` when it was changed or revoked since
   */
  update(owner: KeyOwner, key: ApiKey): Promise<ApiKey>;
  /**
   * Store a new key, and in the same unit change the one whose place it takes.
   *
   * @throws {MailProxyError} as {@link ApiKeyStore.update}
   */
  replace(owner: KeyOwner, old: ApiKey, by: NewApiKey): Promise<DraftedApiKey>;
  /**
   * End a key: this process refuses it at once, others as soon as they are told.
   *
   * @throws {MailProxyError} `not_found`, also when it was revoked before
   */
  revoke(owner: KeyOwner, id: string, now: number): Promise<void>;
  /**
   * Tell whose token it is.
   *
   * @param options.isTold - whether this process hears of what others revoke; without, every call reads
   * @param options.hash - of the token, from who has it by now
   */
  identify(token: string, options: { readonly isTold: boolean; readonly hash?: Buffer }): Promise<Identified>;
  /** Note when keys were last used, by their ids. */
  markUsed(used: ReadonlyMap<string, number>): Promise<void>;
  /** Read every key anew: its tenant was changed, or another process revoked one. */
  forget(): void;
  /** Be told the id of each key that this process changes or revokes. Disposing ends it. */
  onChange(listener: (id: string) => void): Disposable;
}

const MAX_CACHED_KEYS = 1_000;
/** How long a notice of another instance may be under way. */
const MAX_CACHE_AGE_MS = 1_000;

export function createApiKeyStore(database: Database<CoreSchema>, clock: Clock = systemClock): ApiKeyStore {
  const statements = prepareApiKeyStatements(database);
  const cache = new RecentCache<KnownKey>({ maxEntries: MAX_CACHED_KEYS, maxAgeMs: MAX_CACHE_AGE_MS, clock });
  const listeners = new ChangeListeners();

  const changed = (id: string): void => {
    cache.clear();
    listeners.tell(id);
  };

  const draft = (key: NewApiKey): DraftedApiKey => {
    const { tenantId, kind, label, limits, expiresAt, now } = key;
    const id = key.pk.replaceAll('-', '');
    const token = makeToken(kind, limits.mode, id);
    const row = {
      ...{ id, label, now, expires_at: expiresAt, hash: hashOf(token).toString('hex') },
      ...limitColumns(kind, limits),
    };
    const insert =
      tenantId === null ? statements.insertOfOperator.bind(row) : statements.insert.bind({ ...row, tenantId });
    return {
      token,
      key: {
        ...{ id, tenant_id: tenantId, kind, label, ...limits },
        ...{ created_at: now, expires_at: expiresAt, revoked_at: null, last_used_at: null, version: 1 },
      },
      insert: exactlyOne(insert, 'not_found'),
    };
  };

  const updateOf = ({ tenantId }: KeyOwner, key: ApiKey) => {
    const { id, version, label, expires_at } = key;
    const columns = { id, version, label, expires_at, ...limitColumns(key.kind, key) };
    return exactlyOne(statements.update.bind({ tenantId, ...columns }), 'conflict');
  };

  const load = async (id: string): Promise<KnownKey | null> => {
    const [row] = await database.read(statements.find.bind({ id }));
    const key = row === undefined ? null : keyOf(row);
    if (row === undefined || key === null) return null;
    const limits = keyLimits(key);
    return { key, limits, hash: Buffer.from(row.hash, 'hex'), principal: principalOf(key, limits) };
  };

  return {
    draft,

    async create(key) {
      const drafted = draft(key);
      await database.write([drafted.insert]);
      return drafted;
    },

    async list({ tenantId }, paging) {
      const input = pageInput(paging);
      const rows = await database.read(
        tenantId === null ? statements.listOfOperator.bind(input) : statements.list.bind({ tenantId, ...input }),
      );
      const { items, next } = pageFrom(rows, paging.limit, (row) => row.id);
      return { items: items.map(keyOf).filter((key) => key !== null), next };
    },

    async get({ tenantId }, id) {
      const key = (await load(id))?.key;
      if (key === undefined || key.tenant_id !== tenantId) throw new MailProxyError('not_found');
      return key;
    },

    async update(owner, key) {
      await database.write([updateOf(owner, key)]);
      changed(key.id);
      return { ...key, version: key.version + 1 };
    },

    async replace(owner, old, by) {
      const drafted = draft(by);
      await database.write([updateOf(owner, old), drafted.insert]);
      changed(old.id);
      return drafted;
    },

    async revoke({ tenantId }, id, now) {
      await database.write([exactlyOne(statements.revoke.bind({ id, tenantId, now }), 'not_found')]);
      changed(id);
    },

    async identify(token, { isTold, hash = hashOf(token) }) {
      const id = keyIdOf(token, hash);
      if (id === null) return { kind: 'unknown' };
      const known = await (isTold ? cache.get(id, () => load(id)) : load(id));
      // In a time that does not depend on how much of it is right.
      if (known === null || !timingSafeEqual(hash, known.hash)) return { kind: 'unknown' };
      const { revoked_at, expires_at } = known.key;
      if (revoked_at !== null) return { kind: 'revoked', known };
      return { kind: expires_at !== null && expires_at <= clock.now() ? 'expired' : 'valid', known };
    },

    async markUsed(used) {
      if (used.size === 0) return;
      await database.write([...used].map(([id, at]) => statements.used.bind({ id, at })));
    },

    forget: () => cache.clear(),
    onChange: (listener) => listeners.add(listener),
  };
}
