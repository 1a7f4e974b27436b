// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { expect } from 'vitest';
import { createLocalStorage } from '../attachments/storages/local.ts';
import type { StorageBackend } from '../attachments/storages/storage-backend.ts';
import { systemClock } from '../clock.ts';
import { engineConfigSchema } from '../config/engine-config.ts';
import type { Database } from '../database/database.ts';
import { openDatabase } from '../database/open.ts';
import { poolRequest } from '../delivery/relay.ts';
import { type MakePk, pkGenerator } from '../identity.ts';
import { execute } from '../operations/execute.ts';
import type { Operation } from '../operations/operation.ts';
import { type Principal, reachOfAll, tenantPrincipal } from '../operations/principal.ts';
import { createOutgoingHttp } from '../outgoing/outgoing-http.ts';
import { prepareWaitingUsage } from '../queue/waiting-usage.ts';
import { createSealer, type Sealer } from '../secrets/sealer.ts';
import { createOAuthTokens } from '../smtp/oauth-tokens.ts';
import { type StandingClock, standingClock } from '../smtp/standing-clock.case.ts';
import { verifyRelay } from '../smtp/verify-relay.ts';
import { accountOperations } from './account/account.operations.ts';
import { type AccountStore, createAccountStore } from './account/account.store.ts';
import {
  type AccountPauseStore,
  createAccountPauseStore,
  type EndedPause,
  type PauseByHand,
  type PausedAccount,
} from './account/account-pause.store.ts';
import { createRefreshTokenStore, type RefreshTokenStore } from './account/refresh-token.store.ts';
import { apiKeyOperations } from './api-key/api-key.operations.ts';
import { type ApiKeyStore, createApiKeyStore } from './api-key/api-key.store.ts';
import { instanceTokenOperations } from './api-key/instance-token.operations.ts';
import { callerOperations } from './caller/caller.operations.ts';
import { commandLogOperations } from './command-log/command-log.operations.ts';
import { type CommandLogStore, createCommandLogStore } from './command-log/command-log.store.ts';
import { instanceOperations, type RunningInstance } from './instance/instance.operations.ts';
import { createInstanceStore, type InstanceStore } from './instance/instance.store.ts';
import type { RoomLimits } from './message/tenant-room.ts';
import type { CoreSchema } from './schema.ts';
import { CORE_SEALED_COLUMNS } from './sealed-columns.ts';
import { storageOperations } from './storage/storage.operations.ts';
import { createStorageStore, type StorageStore } from './storage/storage.store.ts';
import { suppressionOperations } from './suppression/suppression.operations.ts';
import { createSuppressionStore, type SuppressionStore } from './suppression/suppression.store.ts';
import { SuppressionCheck } from './suppression/suppression-check.ts';
import { prepareSuppressionLookup } from './suppression/suppression-lookup.ts';
import { tenantOperations } from './tenant/tenant.operations.ts';
import { createTenantStore, type TenantStore } from './tenant/tenant.store.ts';

/** Makes an empty, migrated database; the test that asked for it disposes of it. */
export type OpenWorld = () => Promise<World>;

export interface World extends AsyncDisposable {
  readonly database: Database<CoreSchema>;
  readonly time: StandingClock;
  readonly makePk: MakePk;
  readonly sealer: Sealer;
  readonly tenants: TenantStore;
  readonly apiKeys: ApiKeyStore;
  readonly accounts: AccountStore;
  readonly pauses: AccountPauseStore;
  readonly refreshTokens: RefreshTokenStore;
  readonly instances: InstanceStore;
  readonly storages: StorageStore;
  readonly suppressions: SuppressionStore;
  readonly commandLog: CommandLogStore;
  /** What the operations told the rest of the engine, in order. */
  readonly told: readonly string[];
  /** Run an operation as the operator, as the tenant that is named, or as somebody else. */
  run(operation: string, input: object, as?: string | Principal): Promise<Readonly<Record<string, unknown>>>;
  /** Run an operation that must fail; answers `code` and the pointers of the fields that were refused. */
  refused(operation: string, input: object, as?: string | Principal): Promise<string>;
  /** A message that is stored in this state. */
  addMessage(message: { tenantId: string; accountPk: string; state: 'ready' | 'final' }): Promise<void>;
}

export const START = Date.UTC(2026, 0, 1);

const OPERATIONS = [
  ...tenantOperations,
  ...accountOperations,
  ...storageOperations,
  ...suppressionOperations,
  ...instanceOperations,
  ...callerOperations,
  ...apiKeyOperations,
  ...instanceTokenOperations,
  ...commandLogOperations,
];

const DELIVERY = v.parse(engineConfigSchema, {
  database: ':memory:',
  delivery: { ehloName: 'proxy.example.org' },
}).delivery;

const RUNNING: RunningInstance = {
  name: 'test',
  version: '0.0.0',
  edition: 'community',
  mixins: [],
  database: 'sqlite',
  startedAt: START,
  session: () => 1,
  sends: () => ({ running: 0, buffered: 0 }),
};

/** Takes any configuration; nothing is fetched from it here. */
const CLOUD: StorageBackend = {
  protocol: 's3',
  check: () => [],
  open: () => Promise.reject(new Error('there is none')),
};
const BACKENDS: readonly StorageBackend[] = [createLocalStorage(['/srv/files/{tenant}']), CLOUD];

const OPERATOR: Principal = { kind: 'admin', name: 'operator' };

/** All stores of the entities over one database. */
export async function openWorld(url: string, dispose: () => Promise<void>): Promise<World> {
  const database = await openDatabase<CoreSchema>(url);
  const time = standingClock();
  time.advance(START);
  const { clock } = time;
  const makePk = pkGenerator(clock);
  const sealer = createSealer(randomBytes(32), CORE_SEALED_COLUMNS);
  const stores = {
    tenants: createTenantStore(database, sealer),
    apiKeys: createApiKeyStore(database, clock),
    accounts: createAccountStore(database, sealer, clock),
    pauses: createAccountPauseStore(database, makePk),
    refreshTokens: createRefreshTokenStore(database, sealer),
    instances: createInstanceStore(database),
    storages: createStorageStore(database, sealer),
    suppressions: createSuppressionStore(database),
    commandLog: createCommandLogStore(database),
  };
  stores.tenants.onChange(() => stores.accounts.forget());
  const told: string[] = [];
  const http = createOutgoingHttp({ clock: systemClock, policy: {} });
  const tokens = createOAuthTokens({ clock: systemClock, http });
  const lookup = prepareSuppressionLookup(database);
  const services = {
    ...stores,
    findSuppressed: new SuppressionCheck({ lookup, clock, isTold: () => false }).find,
    clock,
    makePk,
    waitingUsage: prepareWaitingUsage(database),
    room: { limitsOf: (own: RoomLimits) => own },
    clearMail: () => Promise.reject(new Error('there is no mail here')),
    storageBackends: BACKENDS,
    messages: { counts: () => Promise.resolve({ waiting: 0, byState: {}, byResult: {} }) },
    writeRefused: async () => undefined,
    running: RUNNING,
    runNow: (tenantId: string | null) => void told.push(`run now for ${tenantId ?? 'all'}`),
    pausedChanged: async (paused: boolean) => void told.push(paused ? 'paused' : 'resumed'),
    tenantSuspended: async (tenantId: string) => void told.push(`suspended ${tenantId}`),
    async pauseAccount(account: PausedAccount, how: Omit<PauseByHand, 'now'>) {
      told.push(`paused ${account.id}`);
      return stores.pauses.pauseByHand(account, { ...how, now: clock.now() });
    },
    async resumeAccount(account: PausedAccount, ended: EndedPause) {
      await stores.pauses.resume(account, clock.now(), ended);
      told.push(`resumed ${account.id}`);
    },
    async verifyAccount(pk: string) {
      const use = {
        isImmediate: false,
        sizeBytes: 0,
        share: () => Number.POSITIVE_INFINITY,
        settings: DELIVERY,
        tokens,
        outgoing: { allowPrivateNetworks: true },
      };
      const { relay } = poolRequest(await stores.accounts.relayRow(pk), use);
      // The relay is a real server, which has the time of the machine.
      return verifyRelay(relay, { clock: systemClock });
    },
  };

  const run: World['run'] = async (name, input, as) => {
    // The services have all that any of these operations uses.
    const operation = OPERATIONS.find((one) => one.name === name) as unknown as Operation<typeof services>;
    const principal = typeof as === 'string' ? tenantPrincipal(as, 'key') : (as ?? OPERATOR);
    const output: unknown = await execute(operation, input, {
      services,
      caller: { principal, origin: 'test' },
      audit: (entry) => stores.commandLog.append([{ ...entry, pk: makePk(), at: clock.now() }]),
    });
    // What is answered is what is documented, and nothing else.
    expect(output).toEqual(v.parse(operation.output, output));
    // An object or null by all the output schemas.
    return output as Readonly<Record<string, unknown>>;
  };

  return {
    database,
    time,
    makePk,
    sealer,
    told,
    ...stores,
    run,
    async refused(name, input, as) {
      const error: unknown = await run(name, input, as).catch((thrown: unknown) => thrown);
      if (!(error instanceof Error) || !('code' in error)) throw error;
      const problems = 'problems' in error ? (error.problems as readonly { pointer: string }[]) : [];
      return [error.code, ...problems.map((problem) => problem.pointer)].join(' ');
    },
    async addMessage({ tenantId, accountPk, state }) {
      const pk = makePk();
      const insert = database.prepare<object>((k) =>
        k.insertInto('messages').values({
          pk,
          tenant_id: tenantId,
          id: pk,
          account_pk: accountPk,
          state,
          result: state === 'final' ? 'sent' : null,
          priority: 2,
          eligible_at: START,
          rank: START,
          attempts: 0,
          on_in_doubt: 'retry',
          units: 1,
          unfetched: 0,
          size_bytes: 0,
          content_removed: 0,
          fetch_attempts: 0,
          message_id: `<${pk}@test>`,
          created_at: START,
          updated_at: START,
        }),
      );
      await database.write([insert.bind({})]);
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await dispose();
    },
  };
}

/** Add tenants that have nothing. */
export async function addTenants({ tenants }: World, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await tenants.create({ id }, START);
}

/** Whose token it is; null for one that opens nothing. */
export async function holderOf({ apiKeys }: Pick<World, 'apiKeys'>, token: string): Promise<Principal | null> {
  const found = await apiKeys.identify(token, { isTold: true });
  return found.kind === 'valid' ? found.known.principal : null;
}

/** All text that the database holds. */
export async function dump({ database }: World): Promise<string> {
  const all = [
    'tenants',
    'api_keys',
    'accounts',
    'account_pauses',
    'storages',
    'message_events',
    'command_log',
  ] as const;
  const rows = await Promise.all(
    all.map((table) => database.read(database.prepare<object>((k) => k.selectFrom(table).selectAll()).bind({}))),
  );
  return JSON.stringify(rows);
}

export const ALL = reachOfAll();
