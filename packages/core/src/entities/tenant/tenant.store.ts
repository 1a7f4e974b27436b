// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Database, UniqueViolation } from '../../database/database.ts';
import { exactlyOne, type Statement } from '../../database/statement.ts';
import { MailProxyError } from '../../errors.ts';
import type { Reach } from '../../operations/principal.ts';
import type { OutgoingPolicy } from '../../outgoing/outgoing-http.types.ts';
import type { RetentionInput } from '../../retention.ts';
import type { RetryPolicyInput } from '../../retry-policy.ts';
import type { Sealed } from '../../secrets/sealed-columns.ts';
import type { SealedPlace, Sealer } from '../../secrets/sealer.ts';
import type { ReplyRule } from '../../smtp/classification.types.ts';
import { replyRulesOf, retryOf } from '../account/account.model.ts';
import type { LimitUnit } from '../account/account.table.ts';
import { ChangeListeners } from '../change-listeners.ts';
import { type Dependants, deleteUnused } from '../delete-unused.ts';
import type { OnInDoubt } from '../message/message.table.ts';
import { type Page, type Paging, pageFrom, pageInput } from '../paging.ts';
import type { CoreSchema } from '../schema.ts';
import { type SuppressionPolicyInput, suppressionPolicyOf } from '../suppression/suppression-policy.ts';
import type { ClientAuth } from './client-auth.ts';
import { DEFAULT_TENANT } from './default-tenant.ts';
import { allowedHostsOf, outgoingPolicyOf } from './outgoing-policy.ts';
import { prepareTenantStatements, type TenantChange, updateInput } from './tenant.statements.ts';
import type { TenantsTable } from './tenant.table.ts';

/** A tenant as it may be shown: of its credentials the method only. */
export type Tenant = Omit<
  TenantsTable,
  | 'client_auth'
  | 'refuse_over_limit'
  | 'retry'
  | 'reply_rules'
  | 'allow_private_networks'
  | 'allowed_hosts'
  | 'retention'
  | 'suppression'
> & {
  readonly client_auth: { readonly method: ClientAuth['method'] } | null;
  readonly refuse_over_limit: boolean;
  readonly retry: RetryPolicyInput | null;
  readonly reply_rules: readonly ReplyRule[];
  readonly allow_private_networks: boolean | null;
  readonly allowed_hosts: readonly string[] | null;
  readonly retention: RetentionInput | null;
  readonly suppression: SuppressionPolicyInput | null;
};

/** What may be set; absent keeps, null clears or sets what a tenant has by default. */
export interface TenantSettings {
  readonly name?: string | null | undefined;
  readonly client_base_url?: string | null | undefined;
  readonly client_sync_path?: string | null | undefined;
  readonly client_attachment_path?: string | null | undefined;
  readonly client_auth?: ClientAuth | null | undefined;
  readonly weight?: number | null | undefined;
  readonly limit_per_minute?: number | null | undefined;
  readonly limit_per_hour?: number | null | undefined;
  readonly limit_per_day?: number | null | undefined;
  readonly limit_unit?: LimitUnit | null | undefined;
  readonly refuse_over_limit?: boolean | null | undefined;
  readonly on_in_doubt?: OnInDoubt | null | undefined;
  readonly retry?: RetryPolicyInput | null | undefined;
  readonly reply_rules?: readonly ReplyRule[] | null | undefined;
  readonly allow_private_networks?: boolean | null | undefined;
  readonly allowed_hosts?: readonly string[] | null | undefined;
  readonly retention?: RetentionInput | null | undefined;
  readonly suppression?: SuppressionPolicyInput | null | undefined;
  readonly max_pending?: number | null | undefined;
  readonly max_bytes?: number | null | undefined;
}

/** Where a tenant is told what became of its messages, and how to authenticate there. */
export interface ReportTarget {
  readonly baseUrl: string;
  readonly syncPath: string;
  readonly auth: Exclude<ClientAuth, { readonly method: 'none' }> | null;
  /** Where the tenant's requests may go, as far as that is not the instance's to say. */
  readonly policy: OutgoingPolicy;
}

/** Where a tenant's attachments may come from, with secrets in clear. */
export interface AttachmentTarget {
  /** Null where the tenant has no server of its own. */
  readonly baseUrl: string | null;
  readonly attachmentPath: string | null;
  readonly auth: ClientAuth;
  readonly policy: OutgoingPolicy;
}

/** Tenants, and the rows that each has from its first moment. */
export interface TenantStore {
  /**
   * Add a tenant, its report cursor and what else belongs to the same unit.
   *
   * @throws {MailProxyError} `duplicate_id`
   */
  create(tenant: TenantSettings & { readonly id: string }, now: number, also?: readonly Statement[]): Promise<Tenant>;
  /** Add the tenant {@link DEFAULT_TENANT} without a key, unless it is there. */
  ensureDefaultTenant(now: number): Promise<void>;
  /** @throws {MailProxyError} `not_found` */
  get(reach: Reach, id: string): Promise<Tenant>;
  /** By id. */
  list(reach: Reach, paging: Paging): Promise<Page<Tenant>>;
  /**
   * Change a tenant, with what else belongs to the same unit.
   *
   * @throws {MailProxyError} `not_found`
   */
  update(
    reach: Reach,
    id: string,
    settings: TenantSettings,
    change: { readonly now: number; readonly also?: readonly Statement[] | undefined },
  ): Promise<Tenant>;
  /** Stop or go on sending all of a tenant's mail. Stopping one that is stopped keeps since when. */
  setSuspended(
    reach: Reach,
    id: string,
    change: { readonly suspended: boolean; readonly now: number },
  ): Promise<Tenant>;
  /** Messages that wait for their time or their turn. */
  countWaiting(reach: Reach, id: string): Promise<number>;
  /**
   * Delete a tenant that has no account and no message, with its keys and storages.
   *
   * @throws {MailProxyError} `not_found`, `in_use`
   */
  delete(reach: Reach, id: string): Promise<void>;
  /** Where to report to; null for a tenant that is not told, or that is gone. Holds secrets in clear. */
  reportTarget(id: string): Promise<ReportTarget | null>;
  /** Where its attachments may come from; null for one that is gone. Holds secrets in clear. */
  attachmentTarget(id: string): Promise<AttachmentTarget | null>;
  /** Ids of all tenants. */
  listReportTargets(): Promise<readonly string[]>;
  /** Be told the id of each tenant that this process changes, suspends, activates or deletes. Disposing ends it. */
  onChange(listener: (id: string) => void): Disposable;
}

const EVENTS_AT_ONCE = 500;

/** Path of the original's endpoint. */
export const DEFAULT_SYNC_PATH = '/mail-proxy/sync';

const DEFAULTS = { weight: 1, limit_unit: 'message', refuse_over_limit: 0, on_in_doubt: 'retry' } as const;

export function createTenantStore(database: Database<CoreSchema>, sealer: Sealer): TenantStore {
  const statements = prepareTenantStatements(database);
  const listeners = new ChangeListeners();

  const sealAuth = (id: string, auth: ClientAuth | null): Sealed | null =>
    auth === null ? null : sealer.seal(JSON.stringify(auth), authPlace(id));
  const openAuth = (row: TenantsTable): ClientAuth | null =>
    // Nothing else is ever sealed into this place.
    row.client_auth === null ? null : (JSON.parse(sealer.open(row.client_auth, authPlace(row.id))) as ClientAuth);
  const shown = (row: TenantsTable): Tenant => {
    const auth = openAuth(row);
    return {
      ...row,
      client_auth: auth === null ? null : { method: auth.method },
      refuse_over_limit: row.refuse_over_limit === 1,
      retry: retryOf(row.retry),
      reply_rules: replyRulesOf(row.reply_rules),
      allow_private_networks: row.allow_private_networks === null ? null : row.allow_private_networks === 1,
      allowed_hosts: allowedHostsOf(row),
      retention: retentionOf(row),
      suppression: suppressionPolicyOf(row.suppression),
    };
  };

  const find = async (id: string): Promise<TenantsTable> => {
    const [row] = await database.read(statements.find.bind({ id }));
    if (row === undefined) throw new MailProxyError('not_found');
    return row;
  };

  return {
    async create({ id, ...settings }, now, also = []) {
      const row: TenantsTable = { ...bareTenant(id, now), ...columnsOf(settings, (auth) => sealAuth(id, auth)) };
      try {
        await database.write([statements.insert.bind(row), statements.insertCursor.bind({ id }), ...also]);
      } catch (error) {
        if (!(error instanceof UniqueViolation)) throw error;
        throw new MailProxyError('duplicate_id', { detail: `there is a tenant ${id} already`, cause: error });
      }
      return shown(row);
    },

    async ensureDefaultTenant(now) {
      const id = DEFAULT_TENANT;
      await database.write([statements.insertAbsent.bind(bareTenant(id, now)), statements.insertCursor.bind({ id })]);
    },

    async get(reach, id) {
      demandReach(reach, id);
      return shown(await find(id));
    },

    async list(reach, paging) {
      const rows =
        reach.tenantId === null
          ? await database.read(statements.list.bind(pageInput(paging)))
          : await database.read(statements.find.bind({ id: reach.tenantId }));
      return pageFrom(rows.map(shown), paging.limit, (tenant) => tenant.id);
    },

    async update(reach, id, settings, { now, also = [] }) {
      demandReach(reach, id);
      const change = columnsOf(settings, (auth) => sealAuth(id, auth));
      const input = updateInput(id, change, now);
      const [, { rows }] = await database.write([
        statements.forgive.bind(input),
        exactlyOne(statements.update.bind(input), 'not_found'),
        ...also,
      ]);
      listeners.tell(id);
      return shown(rows[0] ?? (await find(id)));
    },

    async setSuspended(reach, id, { suspended, now }) {
      demandReach(reach, id);
      await database.write([statements[suspended ? 'suspend' : 'activate'].bind({ id, now })]);
      const row = await find(id);
      listeners.tell(id);
      return shown(row);
    },

    async countWaiting(reach, id) {
      demandReach(reach, id);
      const [row] = await database.read(statements.countWaiting.bind({ id }));
      return row?.waiting ?? 0;
    },

    async delete(reach, id) {
      demandReach(reach, id);
      await deleteUnused(database, {
        remove: statements.remove.bind({ id }),
        dependants: statements.dependants.bind({ id }),
        waiting: statements.waiting.bind({ id }),
        detail: inUse,
      });
      // No table says whose they are any more; the tenant could not be deleted with those of messages.
      for (let removed = EVENTS_AT_ONCE; removed === EVENTS_AT_ONCE; ) {
        const [{ changes }] = await database.write([statements.removeEvents.bind({ id, limit: EVENTS_AT_ONCE })]);
        removed = changes;
      }
      listeners.tell(id);
    },

    async reportTarget(id) {
      const [row] = await database.read(statements.find.bind({ id }));
      if (row === undefined || row.client_base_url === null) return null;
      const auth = openAuth(row);
      return {
        baseUrl: row.client_base_url,
        syncPath: row.client_sync_path ?? DEFAULT_SYNC_PATH,
        auth: auth === null || auth.method === 'none' ? null : auth,
        policy: outgoingPolicyOf(row),
      };
    },

    async attachmentTarget(id) {
      const [row] = await database.read(statements.find.bind({ id }));
      if (row === undefined) return null;
      return {
        baseUrl: row.client_base_url,
        attachmentPath: row.client_attachment_path,
        auth: openAuth(row) ?? { method: 'none' },
        policy: outgoingPolicyOf(row),
      };
    },

    async listReportTargets() {
      return (await database.read(statements.ids.bind({}))).map((row) => row.id);
    },

    onChange: (listener) => listeners.add(listener),
  };
}

/** What the tenant says of how long its mail is kept. */
export function retentionOf({ retention }: Pick<TenantsTable, 'retention'>): RetentionInput | null {
  // As above.
  return retention === null ? null : (JSON.parse(retention) as RetentionInput);
}

function authPlace(id: string): SealedPlace {
  return { table: 'tenants', column: 'client_auth', row: id };
}

function demandReach(reach: Reach, id: string): void {
  if (reach.tenantId !== null && reach.tenantId !== id) throw new MailProxyError('not_found');
}

function inUse({ accounts = 0, waiting_messages = 0 }: Dependants): string {
  return `the tenant has ${accounts} accounts and ${waiting_messages} messages that wait; delete its accounts first`;
}

/** A tenant of which nothing is set. */
function bareTenant(id: string, now: number): TenantsTable {
  return {
    id,
    name: null,
    client_base_url: null,
    client_sync_path: null,
    client_attachment_path: null,
    client_auth: null,
    suspended_at: null,
    ...DEFAULTS,
    limit_per_minute: null,
    limit_per_hour: null,
    limit_per_day: null,
    retry: null,
    reply_rules: null,
    allow_private_networks: null,
    allowed_hosts: null,
    retention: null,
    suppression: null,
    max_pending: null,
    max_bytes: null,
    created_at: now,
    updated_at: now,
  };
}

/** The columns that are given; null is what a tenant has by default. */
function columnsOf(settings: TenantSettings, sealAuth: (auth: ClientAuth | null) => Sealed | null): TenantChange {
  const { client_auth, weight, limit_unit, refuse_over_limit, on_in_doubt, retry, reply_rules, ...others } = settings;
  const { allow_private_networks, allowed_hosts, retention, suppression, ...plain } = others;
  return withoutAbsent({
    ...plain,
    client_auth: client_auth === undefined ? undefined : sealAuth(client_auth),
    weight: weight === null ? DEFAULTS.weight : weight,
    limit_unit: limit_unit === null ? DEFAULTS.limit_unit : limit_unit,
    refuse_over_limit: refuse_over_limit === undefined ? undefined : Number(refuse_over_limit === true),
    on_in_doubt: on_in_doubt === null ? DEFAULTS.on_in_doubt : on_in_doubt,
    retry: json(retry),
    reply_rules: json(reply_rules),
    allow_private_networks: allow_private_networks == null ? allow_private_networks : Number(allow_private_networks),
    allowed_hosts: json(allowed_hosts),
    retention: json(retention),
    suppression: json(suppression),
  });
}

function withoutAbsent(
  change: { readonly [Name in keyof TenantChange]: TenantChange[Name] | undefined },
): TenantChange {
  // What is left has a value.
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as TenantChange;
}

function json(value: object | null | undefined): string | null | undefined {
  return value === undefined || value === null ? value : JSON.stringify(value);
}
