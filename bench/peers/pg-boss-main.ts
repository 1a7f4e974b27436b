// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// pg-boss in front of nodemailer's pool, with what makes it quicker: it is told of new jobs, takes fifty at a time, and
// asks again at once while there are as many.
import { PgBoss } from 'pg-boss';
import type { BenchMail } from '../load/mail.ts';
import { servePeer } from './serve-peer.ts';

const QUEUE = 'mail';
const BATCH = 50;
const WORKERS = 4;

await servePeer(async ({ queueUrl, pool }) => {
  const boss = new PgBoss({ connectionString: queueUrl, useListenNotify: true });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue(QUEUE, { notify: true });
  const options = {
    batchSize: BATCH,
    localConcurrency: WORKERS,
    burstWhenBatchFull: true,
    pollingIntervalSeconds: 0.5,
  };
  return {
    async add(mails) {
      const [only, ...others] = mails;
      if (only !== undefined && others.length === 0) await boss.send(QUEUE, only);
      else
        await boss.insert(
          QUEUE,
          mails.map((data) => ({ data })),
        );
    },
    async resume() {
      await boss.work<BenchMail>(QUEUE, options, async (jobs) => {
        await Promise.all(jobs.map(({ data }) => pool.send(data)));
      });
    },
    pause: () => boss.offWork(QUEUE, { wait: true }),
    async queued() {
      const { rows } = await boss
        .getDb()
        .executeSql(`select count(*)::int as n from pgboss.job where name = $1 and state in ('created', 'retry')`, [
          QUEUE,
        ]);
      return Number(rows[0]?.n);
    },
  };
});
