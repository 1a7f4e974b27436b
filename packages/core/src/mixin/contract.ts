// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { StorageBackend } from '../attachments/storages/storage-backend.ts';
import type { Clock, Random } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { MigrationList } from '../database/migrations/migration.ts';
import type { MakePk } from '../identity.ts';
import type { Log } from '../observability/log.ts';
import type { MixinMetric } from '../observability/mixin-metrics.ts';
import type { AnyOperation } from '../operations/operation.ts';
import type { ResolvedAddress } from '../outgoing/outgoing-http.types.ts';
import type { Macs } from '../secrets/macs.ts';
import type { SealedColumn } from '../secrets/sealed-columns.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { OAuthSettings } from '../smtp/oauth.types.ts';
import type { TokenOwner } from '../smtp/oauth-tokens.ts';
import type { RefreshTokens } from '../smtp/refreshing-client.ts';
import type { TokenSource } from '../smtp/session.types.ts';
import type { MixinEvents, MixinEventType } from './events.ts';
import type { Extensions } from './extensions.ts';
import type { Hooks } from './hooks.ts';
import type { PublicRoute } from './routes.ts';
import type { Suppressions } from './suppressions.ts';
import type { TenantStorages } from './tenant-storages.ts';

/** The version of {@link Mixin} that this engine speaks. Rises when a mixin written before would no longer work. */
export const MIXIN_CONTRACT = 1;

/**
 * What one feature adds to the engine. A mixin is a value: embedders pass an array of them, the server finds those
 * of the enterprise package.
 */
export interface Mixin {
  /** Lower-case letters, digits and `-`, a letter first; also the namespace of its migrations. `core` is taken. */
  readonly id: string;
  /**
   * The contract it was written for, as a number. Importing {@link MIXIN_CONTRACT} here would compare the engine
   * with itself.
   */
  readonly contract: typeof MIXIN_CONTRACT;
  /** Tables of its own, numbered from 1. It never alters those of core. */
  readonly migrations?: MigrationList['migrations'];
  /**
   * The columns of those tables that hold secrets, as `listSealedColumns` makes the list: the keys are rotated in these,
   * and nothing can be sealed into others.
   */
  readonly sealedColumns?: readonly SealedColumn[];
  /**
   * The types of events that it adds to histories of messages: its id, with `_` for `-`, then `_` and what happened, in
   * lower case. `bounce` and `complaint` are core's, and need not be listed.
   */
  readonly eventTypes?: readonly MixinEventType[];
  /** Called once, after its migrations and before anything runs. An error stops the engine from opening. */
  setup(context: MixinContext): MixinParts | Promise<MixinParts>;
}

/**
 * Rights that one of all instances has at a time, to poll a mailbox for example. A right ends with the session of the
 * engine that holds it, within a lease of its death.
 */
export interface Leases {
  /**
   * Take the right of this name, among those of the mixin, or keep it: ask again before each use. False where another
   * instance has it, and before the engine is started.
   *
   * @throws {MailProxyError} `database_unavailable`
   */
  take(name: string): Promise<boolean>;
  /** Give it up, so that another instance may take it at once. */
  release(name: string): Promise<void>;
}

/** The ways out of this machine, with the checks that all of the engine's have. */
export interface MixinOutgoing {
  /**
   * Resolve a host, and check all of its addresses against what the instance and the tenant allow. Connect to what this
   * returns, never to the name again; the name stays the one that a certificate is checked against.
   *
   * @param tenantId whose host it is; null for the operator's own, which may be anywhere
   * @throws {MailProxyError} `address_not_allowed`, `outgoing_failed`, `not_found` for a tenant that is gone; the
   * resolver's own errors
   */
  addressesOf(host: string, tenantId: string | null): Promise<readonly [ResolvedAddress, ...ResolvedAddress[]]>;
  /** Access tokens for XOAUTH2, kept until they are about to expire. Create them once. */
  accessTokens(refreshTokens: RefreshTokens): MixinTokens;
}

/** Where access tokens come from. */
export interface MixinTokens {
  /**
   * The source of an owner's tokens; callers at the same time share one request. It throws `outgoing_failed`, whose
   * `extra.temporary` says whether the endpoint or the settings are to blame.
   */
  source(owner: TokenOwner, settings: OAuthSettings): TokenSource;
}

/** What a mixin is given. */
export interface MixinContext {
  /** Name the tables used: `database.withTables<CoreSchema & OwnTables>()`. */
  readonly database: Database<unknown>;
  /** Seals secrets before they are stored, and opens them. */
  readonly sealer: Sealer;
  /** Whether what messages say is sealed at rest: then what a mixin keeps of mail is to be, too. */
  readonly sealsContents: boolean;
  /**
   * Signs what leaves and is to come back, by keys for this purpose of this mixin alone, which all instances have.
   *
   * @param purpose one word, always the same
   */
  macs(purpose: string): Macs;
  readonly clock: Clock;
  readonly random: Random;
  /** Makes keys of rows, UUIDv7. */
  readonly makePk: MakePk;
  readonly outgoing: MixinOutgoing;
  /** Names the mixin in each line. */
  readonly log: Log;
  readonly leases: Leases;
  readonly events: MixinEvents;
  /** Fills the suppression lists of tenants. */
  readonly suppressions: Suppressions;
  /** What tenants set up with `storages.create`. */
  readonly storages: TenantStorages;
  /** The mixin's part of the configuration as it came, undefined where there is none: parse it. */
  readonly config: unknown;
  /**
   * What a mixin of that id, earlier in the list, hands to later ones: {@link MixinParts.provides}. Undefined where it is
   * not there, stands later, or hands out nothing. Types don't reach over: check what you are given.
   */
  provided(mixinId: string): unknown;
}

/** What a mixin hands back; all of it is optional. */
export interface MixinParts {
  /** Appended to the engine's list: HTTP, OpenAPI, the command line and the audit log follow from it. */
  readonly operations?: readonly AnyOperation[];
  /** Paths that anybody may ask for, without a token: a link in a mail. */
  readonly routes?: readonly PublicRoute[];
  /** Given to the mixin's own operations beside what the engine gives to all. */
  readonly services?: object;
  readonly hooks?: Partial<Hooks>;
  /** Fields of its own at what the core keeps: taken and shown by the core's operations, written in their units. */
  readonly extensions?: Extensions;
  /** Handed to mixins that come later in the list and ask for it, by {@link MixinContext.provided}. */
  readonly provides?: object;
  /** Figures of its own beside the engine's. */
  readonly metrics?: readonly MixinMetric[];
  /** Kinds of storages from which attachments are fetched, beside `local`. */
  readonly storages?: readonly StorageBackend[];
  /** A background service: started with the engine, returns once `signal` aborts. */
  run?(signal: AbortSignal): Promise<void>;
}

/** Declare a mixin; a mistake in it shows where it is written. */
export function defineMixin(mixin: Mixin): Mixin {
  return mixin;
}
