// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// graphile-worker in front of nodemailer's pool, with what its page on performance recommends: jobs are fetched ahead, and
// completed together. A job that comes alone waits for that, so it is not done where latency is measured.
import { Logger, makeWorkerUtils, type Runner, run } from 'graphile-worker';
import type { BenchMail } from '../load/mail.ts';
import { servePeer } from './serve-peer.ts';

const TASK = 'mail';
const FETCHED_AHEAD = 500;

await servePeer(async ({ queueUrl, connections, pool, tunedFor }) => {
  const logger = new Logger(() => (level, message) => {
    if (level === 'error' || level === 'warning') console.error(message);
  });
  const utils = await makeWorkerUtils({ connectionString: queueUrl, logger });
  await utils.migrate();
  const preset = {
    worker: {
      connectionString: queueUrl,
      concurrentJobs: connections,
      maxPoolSize: connections + 2,
      logger,
      ...(tunedFor === 'latency'
        ? {}
        : { localQueue: { size: FETCHED_AHEAD }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }),
    },
  };
  let runner: Runner | null = null;
  return {
    async add(mails) {
      const [only, ...others] = mails;
      if (only !== undefined && others.length === 0) await utils.addJob(TASK, only);
      else await utils.addJobs(mails.map((payload) => ({ identifier: TASK, payload })));
    },
    async resume() {
      runner = await run({
        preset,
        noHandleSignals: true,
        // What add() stores under this name.
        taskList: { [TASK]: async (payload) => void (await pool.send(payload as BenchMail)) },
      });
    },
    async pause() {
      await runner?.stop();
    },
    queued: () =>
      utils.withPgClient(async (client) => {
        const { rows } = await client.query<{ n: number }>('select count(*)::int as n from graphile_worker.jobs');
        return rows[0]?.n ?? 0;
      }),
  };
});
