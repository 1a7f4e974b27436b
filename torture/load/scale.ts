// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnCountingSink, tempDir } from '@mail-proxy/testkit';
import { type Client, openClient } from './client.ts';
import type { Load } from './load.ts';
import { mail, startServer } from './load-world.ts';
import { cpuOf, quantile, rssOf } from './process-figures.ts';

const TENANTS = 100_000;
const MESSAGES_A_TENANT = 10;
const CALLS = 300;
/** Of those that nobody makes often. */
const FEW_CALLS = 20;
const IDLE_MS = 30_000;

/** Target 25. */
export const scale: Load = {
  name: 'scale',
  about:
    '100,000 tenants with an account each, and 1,000,000 stored messages: start, calls, a delivery, and what rest costs',
  async run({ count }) {
    const tenants = count ?? TENANTS;
    using dir = tempDir();
    await using sink = await spawnCountingSink();
    {
      await using server = await startServer(dir);
      using client = openClient(server.url, 1);
      await client.call('POST', '/v1/tenants', { id: 'template' });
      await client.call('POST', '/v1/accounts', {
        ...{ tenant_id: 'template', id: 'relay', host: '127.0.0.1', port: sink.port, tls: 'none' },
      });
      const sent = await client.call('POST', '/v1/messages', { ...mail('template'), tenant_id: 'template' });
      if (sent.status !== 202) throw new Error(`the template was answered ${sent.status}: ${sent.text}`);
      await sink.waitFor(1);
      await untilSent(client, 'template');
    }
    multiply(dir.file('mail-proxy.db'), tenants);
    const begunAt = performance.now();
    await using server = await startServer(dir);
    const start_seconds = (performance.now() - begunAt) / 1_000;
    using client = openClient(server.url, 1);
    const figures: Record<string, number> = { tenants, messages: tenants * MESSAGES_A_TENANT, start_seconds };
    await sleep(5_000);
    const cpu = cpuOf(server.pid);
    await sleep(IDLE_MS);
    figures['idle_cpu_percent'] = ((cpuOf(server.pid) - cpu) / (IDLE_MS / 1_000)) * 100;
    const wrong: string[] = [];
    const measure = async (
      name: string,
      call: (n: number) => Promise<{ status: number; tookMs: number }>,
      calls = CALLS,
    ) => {
      const took: number[] = [];
      for (let n = 0; n < calls; n++) {
        const { status, tookMs } = await call(n);
        if (status >= 300) wrong.push(`${name} was answered ${status}`);
        took.push(tookMs);
      }
      figures[`${name}_p95_ms`] = quantile(took, 0.95);
    };
    const tenantOf = (n: number): string => `t-${1 + ((n * 7919) % tenants)}`;
    await measure('get', (n) => client.call('GET', `/v1/messages/m-${tenantOf(n)}-1?tenant_id=${tenantOf(n)}`));
    await measure('list', (n) => client.call('GET', `/v1/messages?tenant_id=${tenantOf(n)}`));
    await measure('list_all', () => client.call('GET', '/v1/messages?limit=50'));
    await measure('tenants', (n) => client.call('GET', `/v1/tenants/${tenantOf(n)}`));
    await measure('readyz', () => client.call('GET', '/readyz'));
    await measure('metrics', () => client.call('GET', '/metrics'), FEW_CALLS);
    await measure('post', (n) =>
      client.call('POST', '/v1/messages', { ...mail(`new-${n + 1}`), tenant_id: tenantOf(n) }),
    );
    const deliveries: number[] = [];
    for (let n = CALLS; n < 2 * CALLS; n++) {
      const before = (await sink.counts()).answered;
      const postedAt = performance.now();
      await client.call('POST', '/v1/messages', { ...mail(`new-${n + 1}`), tenant_id: tenantOf(n) });
      await sink.waitFor(before + 1);
      deliveries.push(performance.now() - postedAt);
    }
    figures['post_to_relay_p50_ms'] = quantile(deliveries, 0.5);
    figures['post_to_relay_p95_ms'] = quantile(deliveries, 0.95);
    figures['rss_mib'] = rssOf(server.pid);
    return { figures, wrong };
  },
};

async function untilSent(client: Client, id: string): Promise<void> {
  for (;;) {
    const { text } = await client.call('GET', `/v1/messages/${id}?tenant_id=template`);
    if (text.includes('"sent"')) return;
    await sleep(100);
  }
}

/** Copy the rows of the template so often, in the database of a server that does not run. */
function multiply(path: string, tenants: number): void {
  const database = new DatabaseSync(path);
  database.exec('pragma synchronous = off');
  database.exec(`create temp table n (n integer primary key);
    with recursive s (n) as (select 1 union all select n + 1 from s where n < ${tenants}) insert into n select n from s;
    create temp table k (k integer primary key);
    with recursive s (k) as (select 1 union all select k + 1 from s where k < ${MESSAGES_A_TENANT}) insert into k select k from s;`);
  const copy = (table: string, from: string, changed: Readonly<Record<string, string>>): void => {
    const columns = database
      .prepare(`select name from pragma_table_info('${table}')`)
      .all()
      .map(({ name }) => String(name));
    const values = columns.map((name) => changed[name] ?? `x."${name}"`);
    database.exec(`insert into ${table} (${columns.map((name) => `"${name}"`).join(', ')})
      select ${values.join(', ')} from ${table} x ${from}`);
  };
  const pk = "'copy-' || n.n || '-' || k.k";
  database.exec('begin');
  copy('tenants', "cross join n where x.id = 'template'", { id: "'t-' || n.n", name: "'t-' || n.n" });
  copy('accounts', "cross join n where x.tenant_id = 'template'", { pk: "'a-' || n.n", tenant_id: "'t-' || n.n" });
  const ofTemplate = "(select pk from messages where id = 'template')";
  copy('messages', `cross join n cross join k where x.id = 'template'`, {
    pk,
    id: "'m-t-' || n.n || '-' || k.k",
    tenant_id: "'t-' || n.n",
    account_pk: "'a-' || n.n",
    message_id: "'<' || n.n || '-' || k.k || '@scale.invalid>'",
  });
  copy('message_contents', `cross join n cross join k where x.message_pk = ${ofTemplate}`, { message_pk: pk });
  copy('message_recipients', `cross join n cross join k where x.message_pk = ${ofTemplate}`, { message_pk: pk });
  database.exec('commit');
  database.exec('analyze');
  database.exec('pragma wal_checkpoint(truncate)');
  database.close();
}
