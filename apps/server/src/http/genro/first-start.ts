// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { GENRO_SUPPRESSION } from '@mail-proxy/core';
import type { ServedEngine } from '../context.ts';
import { bounceMailbox, putBounceMailbox } from './bounce-mailbox.ts';
import { allOf, type GenroCall, orNull, type Shown } from './call.ts';
import { endpointOf } from './client-sync.ts';
import type { GenroSettings } from './genro-settings.ts';

/** The tenant that is there from the start, which no old call adds. */
const FIRST_TENANT = { tenant_id: 'default' };

/** Store what the configuration says and nobody has said yet: the mailbox of bounces, and who is told of tenants' mail. */
export async function applySettings(engine: ServedEngine, { bounces, clientSync }: GenroSettings): Promise<void> {
  const operator: Pick<GenroCall, 'run' | 'engine'> = {
    engine,
    // As in every call: what an operation answers is what its output schema says.
    run: async <Output>(operation: string, input: object) => (await engine.execute(operation, input)) as Output,
  };
  const first = await orNull(operator.run('tenants.get', FIRST_TENANT));
  if (first !== null && first['suppression'] === null) {
    await operator.run('tenants.update', { ...FIRST_TENANT, suppression: GENRO_SUPPRESSION });
  }
  if (bounces !== undefined && (await bounceMailbox(operator)) === null) await putBounceMailbox(operator, bounces);
  if (clientSync === undefined) return;
  for (const { id, client_base_url } of await allOf<Shown>(operator, 'tenants.list', {})) {
    if (client_base_url === null) await operator.run('tenants.update', { tenant_id: id, ...endpointOf(clientSync) });
  }
}
