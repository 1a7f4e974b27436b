// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { type AccountStore, createAccountStore } from '../../src/entities/account/account.store.ts';
import { ANY_ATTACHMENT } from '../../src/entities/message/drafted-file.case.ts';
import { KeysInFlight } from '../../src/entities/message/keys-in-flight.ts';
import { createMessageStore } from '../../src/entities/message/message.store.ts';
import type { MessageRecipientsTable, MessagesTable } from '../../src/entities/message/message.table.ts';
import type { LaneName } from '../../src/entities/message/message-control.types.ts';
import type { LimitReached, MessageServices } from '../../src/entities/message/message-services.ts';
import type { MessageState } from '../../src/entities/message/message-state.ts';
import { TenantRoom } from '../../src/entities/message/tenant-room.ts';
import { createMessageEventStore, prepareInsertEvent } from '../../src/entities/message-event/message-event.store.ts';
import type { EventDetail, EventType } from '../../src/entities/message-event/message-event.table.ts';
import { type Caller, execute } from '../../src/operations/execute.ts';
import type { Operation } from '../../src/operations/operation.ts';
import { prepareAccept } from '../../src/queue/accept.ts';
import { createOnceStore } from '../../src/queue/accept-once.ts';
import { createBatches } from '../../src/queue/batches.ts';
import { prepareClaim } from '../../src/queue/claim.ts';
import { createMessageControl } from '../../src/queue/control.ts';
import { prepareFindTaken } from '../../src/queue/find-taken.ts';
import { prepareRelease } from '../../src/queue/release.ts';
import { prepareReplace, replaceAlone } from '../../src/queue/replace.ts';
import { prepareWaitingUsage } from '../../src/queue/waiting-usage.ts';
import { DEFAULT_RETRY_POLICY } from '../../src/retry-policy.ts';
import { createSealer } from '../../src/secrets/sealer.ts';
import { createWorld, type OpenStore, STEP_MS, type World } from './store-world.case.ts';

export const OPERATOR: Caller = { principal: { kind: 'admin', name: 'operator' }, origin: 'test' };

/** What the engine was told, in order. */
export interface Told {
  readonly woken: LaneName[];
  readonly tenants: string[];
  rescheduled: number;
  prepared: number;
  /** Messages that are not to be prepared as they were. */
  readonly stopped: string[];
  readonly givenBack: string[];
}

/** A database with the services of the operations on messages; what lies in memory of an engine is played by the test. */
export interface ControlWorld extends World {
  readonly accounts: AccountStore;
  readonly services: { -readonly [Name in keyof MessageServices]: MessageServices[Name] };
  readonly told: Told;
  /** Messages that this engine holds and has not handed to MAIL; of this session. */
  readonly flights: Map<string, number>;
  /** What acceptance is told of rate limits. */
  reached: LimitReached | null;
  run(operation: unknown, input: object, caller?: Caller): Promise<Readonly<Record<string, unknown>>>;
  /** The same with a key, `k` by default. */
  once(
    operation: unknown,
    input: object,
    options?: { readonly key?: string; readonly caller?: Caller; readonly services?: MessageServices },
  ): Promise<{ readonly output: Readonly<Record<string, unknown>>; readonly isReplayed: boolean }>;
  /** Forget keys that are free again. */
  sweepKeys(limit: number): Promise<number>;
  /** Let the tenant be refused over a limit, so that acceptance asks for one. */
  refuseOverLimit(): Promise<void>;
  /** Accept a message and put it into a state, as if it had come there by its ways. */
  acceptAs(
    state: MessageState,
    changes?: Partial<MessagesTable> & { readonly to?: readonly string[] },
  ): Promise<string>;
  /** Overwrite columns. */
  put(pk: string, changes: Partial<Pick<MessagesTable, PutColumn>>): Promise<void>;
  /** Add an event to a message's history. */
  tell(pk: string, type: EventType, detail: EventDetail): Promise<void>;
  putRecipients(pk: string, states: readonly MessageRecipientsTable['state'][], attempts?: number): Promise<void>;
  /** Claim what is ready, in the order of the lane. */
  claim(session: number): Promise<readonly string[]>;
}

type PutColumn =
  | 'state'
  | 'result'
  | 'owner_session'
  | 'expires_at'
  | 'eligible_at'
  | 'attempts'
  | 'last_error'
  | 'handed_at'
  | 'final_at';

export async function createControlWorld(open: OpenStore): Promise<ControlWorld> {
  const world = await createWorld(open);
  const { database, clock, makePk } = world;
  const session = await world.sessions.start('here', clock.now());
  const told: Told = { woken: [], tenants: [], rescheduled: 0, prepared: 0, stopped: [], givenBack: [] };
  const flights = new Map<string, number>();
  const claim = prepareClaim(database);
  const insertEvent = prepareInsertEvent(database);
  const release = prepareRelease(database);
  const replace = prepareReplace(database, STEP_MS);
  const once = createOnceStore(database, { replace, clock, stepMs: STEP_MS });
  const refuse = database.prepare<object>((k) => k.updateTable('tenants').set({ refuse_over_limit: 1 }));

  const putRow = database.prepare<Pick<MessagesTable, 'pk' | PutColumn>>((k, p) =>
    k
      .updateTable('messages')
      .set({
        state: p.state,
        result: p.result,
        owner_session: p.owner_session,
        expires_at: p.expires_at,
        eligible_at: p.eligible_at,
        attempts: p.attempts,
        last_error: p.last_error,
        handed_at: p.handed_at,
        final_at: p.final_at,
      })
      .where('pk', '=', p.pk),
  );
  const putRecipient = database.prepare<Pick<MessageRecipientsTable, 'message_pk' | 'position' | 'state' | 'attempts'>>(
    (k, p) =>
      k
        .updateTable('message_recipients')
        .set({ state: p.state, attempts: p.attempts })
        .where('message_pk', '=', p.message_pk)
        .where('position', '=', p.position),
  );
  const put: ControlWorld['put'] = async (pk, changes) => {
    await database.write([putRow.bind({ ...(await world.message(pk)), ...changes })]);
  };

  const accounts = createAccountStore(database, createSealer(randomBytes(32)), clock);
  const self: ControlWorld = {
    ...world,
    accounts,
    told,
    flights,
    reached: null,
    services: {
      clock,
      makePk,
      maxBatch: 1_000,
      maxRecipients: 100,
      retry: DEFAULT_RETRY_POLICY,
      accounts,
      messages: createMessageStore(database),
      messageEvents: createMessageEventStore(database),
      accept: prepareAccept(database, STEP_MS),
      replace: replaceAlone(database, replace),
      findTaken: prepareFindTaken(database),
      once,
      keysInFlight: new KeysInFlight(),
      room: new TenantRoom({
        clock,
        usageOf: prepareWaitingUsage(database),
        isShared: false,
        limits: { maxPending: null, maxBytes: null },
        onRefused: () => undefined,
      }),
      idempotencyMs: 86_400_000,
      findSuppressed: async () => new Map(),
      suppressionRefused: () => undefined,
      accepting: null,
      needsPreparing: null,
      limitGate: async () => self.reached,
      attachmentRules: async () => ANY_ATTACHMENT,
      storeFile: () => Promise.reject(new Error('no file comes by itself')),
      rawMessages: { maxBytes: 0, hold: () => Promise.reject(new Error('no message comes complete')) },
      sealAttachmentAuth() {
        throw new Error('no attachment has credentials');
      },
      control: createMessageControl(database, { makePk, stepMs: STEP_MS }),
      batches: createBatches(database, STEP_MS),
      session: () => session,
      stopFlight: (pk) => flights.delete(pk),
      async giveBack({ pk }) {
        told.givenBack.push(pk);
        await release([{ pk, owner_session: session }], clock.now());
      },
      batchSuspended: async () => undefined,
      wake: (lanes) => void told.woken.push(...lanes),
      prepare() {
        told.prepared += 1;
      },
      stopPreparing: (pk) => void told.stopped.push(pk),
      rescheduled() {
        told.rescheduled += 1;
      },
      told: (tenantId) => void told.tenants.push(tenantId),
      explain: async () => [],
    },
    async run(operation, input, caller = OPERATOR) {
      // `execute` validates before it runs, so that any input may come in; the services have all that any of them uses.
      return (await execute(operation as Operation<MessageServices>, input, {
        services: self.services,
        caller,
        audit: async () => undefined,
      })) as Readonly<Record<string, unknown>>;
    },
    async once(operation, input, { key = 'k', caller = OPERATOR, services = self.services } = {}) {
      let isReplayed = false;
      const replayed = (): void => {
        isReplayed = true;
      };
      const output = await execute(operation as Operation<MessageServices>, input, {
        services,
        caller: { ...caller, idempotency: { key, replayed } },
        audit: async () => undefined,
      });
      return { output: output as Readonly<Record<string, unknown>>, isReplayed };
    },
    sweepKeys: (limit) => once.sweep(clock.now(), limit),
    async refuseOverLimit() {
      await database.write([refuse.bind({})]);
    },
    put,
    async tell(pk, type, detail) {
      const { tenant_id } = await world.message(pk);
      const event = { message_pk: pk, tenant_id, account_pk: null, type, attempt: 1, seq: null };
      await database.write([
        insertEvent.bind({ ...event, pk: makePk(), at: clock.now(), detail: JSON.stringify(detail) }),
      ]);
    },
    async putRecipients(pk, states, attempts = 0) {
      await database.write(
        states.map((state, position) => putRecipient.bind({ message_pk: pk, position, state, attempts })),
      );
    },
    async acceptAs(state, { to, ...changes } = {}) {
      const { batch_code = null, priority = 2, eligible_at = clock.now() } = changes;
      const { tenant_id = world.tenantId, account_pk = world.accountPk } = changes;
      const pk = await world.accept({
        batch_code,
        priority,
        eligible_at,
        tenant_id,
        account_pk,
        ...(to === undefined ? {} : { to }),
      });
      const isFinal = state === 'final';
      await put(pk, {
        state,
        result: isFinal ? 'failed' : null,
        owner_session: state === 'leased' ? session : null,
        ...changes,
      });
      if (isFinal && changes.result !== 'cancelled') {
        const one = changes.result === 'sent' ? 'sent' : 'failed';
        await self.putRecipients(
          pk,
          (to ?? ['']).map(() => one),
        );
      }
      if (state === 'in_doubt')
        await self.putRecipients(
          pk,
          (to ?? ['']).map(() => 'in_doubt'),
        );
      return pk;
    },
    async claim(by) {
      const lane = { accountPk: world.accountPk, tenantId: world.tenantId, quota: 10_000, limits: null };
      const [claimed = []] = await claim([lane], { session: by, now: clock.now(), immediateOnly: false });
      return claimed.map(({ pk }) => pk);
    },
  };
  return self;
}
