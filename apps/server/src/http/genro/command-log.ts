// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { adminOnly, allOf, type GenroCall, type Shown } from './call.ts';
import type { GenroRoutes } from './genro-routes.types.ts';
import { seconds } from './given-fields.ts';

const DEFAULT_LIMIT = 100;
const PAGE = 1_000;

export const commandLogRoutes: GenroRoutes = {
  'GET /command-log': async (call) => {
    const commands = (await commandLogPage(call)).map(commandView);
    return { ok: true, commands, total: (numberOf(call, 'offset') ?? 0) + commands.length };
  },
  'GET /command-log/export': async (call) => {
    adminOnly(call);
    const lines = await allOf<Shown>(call, 'command-log.list', filterOf(call));
    const commands = lines.toReversed().map((line) => {
      const { endpoint, tenant_id, payload, command_ts } = commandView(line);
      return { endpoint, tenant_id, payload, command_ts };
    });
    return { ok: true, commands };
  },
};

/** The lines that are asked for, the newest first. */
export async function commandLogPage(call: GenroCall): Promise<readonly Shown[]> {
  adminOnly(call);
  const [limit, offset] = [numberOf(call, 'limit') ?? DEFAULT_LIMIT, numberOf(call, 'offset') ?? 0];
  return (await newest(call, offset + limit)).slice(offset);
}

async function newest(call: GenroCall, count: number): Promise<readonly Shown[]> {
  const found: Shown[] = [];
  for (let after: string | undefined; found.length < count; ) {
    const limit = Math.min(PAGE, count - found.length);
    const page = await call.run<{ items: readonly Shown[]; next: string | null }>('command-log.list', {
      ...filterOf(call),
      limit,
      after,
    });
    found.push(...page.items);
    if (page.next === null) break;
    after = page.next;
  }
  return found;
}

function filterOf(call: GenroCall): object {
  const [since, until] = [numberOf(call, 'since_ts'), numberOf(call, 'until_ts')];
  return {
    tenant_id: call.query('tenant_id'),
    operation: call.query('endpoint_filter'),
    since: since === undefined ? undefined : new Date(since * 1_000).toISOString(),
    // That second counts, too.
    until: until === undefined ? undefined : new Date((until + 1) * 1_000).toISOString(),
  };
}

/** What is no number was never one of these. */
function numberOf(call: GenroCall, name: string): number | undefined {
  const given = call.query(name);
  return given === undefined || !/^\d{1,12}$/.test(given) ? undefined : Number(given);
}

/** Ours has what was asked for in place of a path, and the outcome in place of what was answered. */
export function commandView(line: Shown) {
  return {
    id: line['pk'],
    command_ts: seconds(line['at']),
    endpoint: line['operation'],
    tenant_id: line['tenant_id'],
    payload: line['input'],
    response_status: line['outcome'] === 'ok' ? 200 : 400,
    response_body: { outcome: line['outcome'] },
  };
}
