// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// BullMQ on Redis in front of nodemailer's pool: one process that adds and works, as its guide begins.
import { Queue, Worker } from 'bullmq';
import type { BenchMail } from '../load/mail.ts';
import { servePeer } from './serve-peer.ts';

const QUEUE = 'mail';

await servePeer(async ({ queueUrl, connections, pool }) => {
  const connection = { host: '127.0.0.1', port: Number(new URL(queueUrl).port), maxRetriesPerRequest: null };
  // What is done with goes away, as the history of ours does after a while: kept, it only costs.
  const defaultJobOptions = { removeOnComplete: true, attempts: 5, backoff: { type: 'exponential', delay: 60_000 } };
  const queue = new Queue<BenchMail>(QUEUE, { connection, defaultJobOptions });
  const worker = new Worker<BenchMail>(QUEUE, async ({ data }) => void (await pool.send(data)), {
    connection,
    concurrency: connections,
    autorun: false,
  });
  worker.on('failed', (job) => console.error(`${job?.data.id} failed`));
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  let hasBegun = false;
  return {
    async add(mails) {
      const [only, ...others] = mails;
      if (only !== undefined && others.length === 0) await queue.add(QUEUE, only);
      else await queue.addBulk(mails.map((data) => ({ name: QUEUE, data })));
    },
    async resume() {
      if (hasBegun) return worker.resume();
      hasBegun = true;
      worker.run().catch((error: unknown) => console.error(error));
    },
    pause: () => worker.pause(),
    queued: () => queue.count(),
  };
});
