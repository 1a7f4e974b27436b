// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { MailProxyError } from '../../errors.ts';
import { page, tenantId } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import type { Reach } from '../../operations/principal.ts';
import { invalidInput } from '../../operations/validate.ts';
import {
  givenUpPage,
  givenUpView,
  listCallsInput,
  replayInput,
  replayOutput,
  reportCallPage,
  reportCallView,
  reportingOutput,
  reportingView,
} from './report.schema.ts';
import type { ReportServices } from './report-services.ts';

const showReporting = defineOperation({
  name: 'tenants.reporting',
  summary: 'Show how far a tenant has been told, and what its endpoint answered last',
  http: { method: 'GET', path: '/v1/tenants/{tenant_id}/reporting' },
  access: 'tenant',
  scope: 'tenant:read',
  audit: false,
  input: v.strictObject({ tenant_id: tenantId }),
  output: reportingOutput,
  run: (services: ReportServices, { tenant_id }, { reach }) => stateOf(services, reach, tenant_id),
});

const syncTenant = defineOperation({
  name: 'tenants.sync',
  summary: "Call a tenant's endpoint at once, whatever it asked for and however often it failed",
  http: { method: 'POST', path: '/v1/tenants/{tenant_id}/sync', status: 202 },
  access: 'tenant',
  scope: 'tenant:write',
  audit: true,
  input: v.strictObject({ tenant_id: tenantId }),
  output: reportingOutput,
  async run(services: ReportServices, { tenant_id }, { reach }) {
    const state = await stateOf(services, reach, tenant_id);
    if (state.disabled_at !== null) {
      const detail = 'the endpoint said that it is gone; enable reporting first';
      throw new MailProxyError('conflict', { detail });
    }
    if (!state.enabled) throw notTold();
    services.syncNow(tenant_id);
    return state;
  },
});

const enableReporting = defineOperation({
  name: 'tenants.enable-reporting',
  summary: 'Call an endpoint again that said that it is gone, and forget what failed',
  http: { method: 'POST', path: '/v1/tenants/{tenant_id}/reporting/enable' },
  access: 'tenant',
  scope: 'tenant:write',
  audit: true,
  input: v.strictObject({ tenant_id: tenantId }),
  output: reportingOutput,
  async run(services: ReportServices, { tenant_id }, { reach }) {
    await services.tenants.get(reach, tenant_id);
    await services.messageEvents.enable(tenant_id);
    services.told(tenant_id);
    return await stateOf(services, reach, tenant_id);
  },
});

const listCalls = defineOperation({
  name: 'tenants.report-calls',
  summary: "List the last 100 calls of a tenant's endpoint, newest first",
  http: { method: 'GET', path: '/v1/tenants/{tenant_id}/reporting/calls' },
  access: 'tenant',
  scope: 'tenant:read',
  audit: false,
  input: listCallsInput,
  output: reportCallPage,
  async run({ tenants, reportCalls }: ReportServices, { tenant_id, ...paging }, { reach }) {
    await tenants.get(reach, tenant_id);
    const { items, next } = await reportCalls.list(tenant_id, paging);
    return { items: items.map(reportCallView), next };
  },
});

const listGivenUp = defineOperation({
  name: 'events.given-up',
  summary: 'List the events that a tenant did not take in time; they can be replayed',
  http: { method: 'GET', path: '/v1/events/given-up' },
  access: 'tenant',
  scope: 'events:read',
  audit: false,
  input: v.strictObject({ tenant_id: v.optional(tenantId), ...page }),
  output: givenUpPage,
  async run({ givenUp }: ReportServices, { limit, after }, { reach }) {
    const { items, next } = await givenUp.list(tenantOf(reach), { limit, after });
    return { items: items.map(givenUpView), next };
  },
});

/** Events that one request tells again; it says where the next one goes on. */
const MAX_REPLAYED = 100_000;

const replayEvents = defineOperation({
  name: 'events.replay',
  summary: 'Tell events again: a range of numbers or of time, or those of one message',
  http: { method: 'POST', path: '/v1/events/replay', status: 202 },
  access: 'tenant',
  scope: 'events:write',
  audit: true,
  input: replayInput,
  output: replayOutput,
  async run(services: ReportServices, { message_id, first_seq, last_seq, from, to }, { reach }) {
    const { messages, replays, clock, isTold, told } = services;
    if ([message_id, first_seq, last_seq, from, to].every((field) => field === undefined)) {
      const message = 'expected first_seq, last_seq, from, to or message_id';
      throw invalidInput([{ pointer: '/first_seq', message }]);
    }
    const message = message_id === undefined ? null : await messages.find(reach, message_id);
    const tenant = message?.tenant_id ?? tenantOf(reach);
    if (!(await isTold(tenant))) throw notTold();
    const range = {
      firstSeq: first_seq ?? 1,
      lastSeq: last_seq ?? Number.MAX_SAFE_INTEGER,
      firstAt: from ?? 0,
      lastAt: to ?? Number.MAX_SAFE_INTEGER,
      messagePk: message?.pk ?? null,
    };
    const { events, stoppedAt } = await replays.replay(tenant, range, { now: clock.now(), limit: MAX_REPLAYED });
    told(tenant);
    return { events, next_seq: stoppedAt === null ? null : stoppedAt + 1 };
  },
});

async function stateOf(
  { tenants, messageEvents, reportExceptions, clock, isTold }: ReportServices,
  reach: Reach,
  id: string,
): Promise<v.InferOutput<typeof reportingOutput>> {
  await tenants.get(reach, id);
  const now = clock.now();
  const cursor = await messageEvents.cursor(id);
  if (cursor === null) throw new MailProxyError('not_found');
  const [oldest] = await messageEvents.listAfter(id, cursor.acked_seq, 1);
  const { open } = await reportExceptions.open(id, now);
  return reportingView({ cursor, isTold: await isTold(id), exceptions: open, oldestAt: oldest?.at ?? null, now });
}

/** Each tenant has a sequence of its own. */
function tenantOf(reach: Reach): string {
  if (reach.tenantId !== null) return reach.tenantId;
  throw invalidInput([{ pointer: '/tenant_id', message: 'required: each tenant has a sequence of its own' }]);
}

function notTold(): MailProxyError {
  return new MailProxyError('conflict', { detail: 'the tenant has no client_base_url: nobody is to be called' });
}

/** Commands on what tenants are told. */
export const reportOperations = [
  showReporting,
  syncTenant,
  enableReporting,
  listCalls,
  listGivenUp,
  replayEvents,
] as const;
