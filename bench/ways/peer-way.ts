// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fileURLToPath } from 'node:url';
import { spawnServer } from '@mail-proxy/testkit';
import { HttpClient } from '../load/http-client.ts';
import type { PeerUsage, Tuning } from '../peers/serve-peer.ts';
import { memoryOf } from './memory-of.ts';
import type { QueueWay } from './way.ts';

export interface Peer {
  readonly row: string;
  /** Its file in peers/. */
  readonly main: string;
  /** @defaultValue throughput */
  readonly tunedFor?: Tuning;
  /** Make an empty queue. Disposing removes it. */
  openQueue?(): Promise<AsyncDisposable & { readonly url: string }>;
}

/** A queue from npm in front of nodemailer's pool, in a process of its own. */
export function peerWay({ row, main, tunedFor = 'throughput', openQueue }: Peer): QueueWay {
  return {
    row,
    async open({ host, port }, { connections }) {
      const resources = new AsyncDisposableStack();
      const queue = await openQueue?.();
      if (queue !== undefined) resources.use(queue);
      const server = await spawnServer({
        entry: fileURLToPath(new URL(`../peers/${main}`, import.meta.url)),
        args: [],
        env: {
          SINK_HOST: host,
          SINK_PORT: String(port),
          CONNECTIONS: String(connections),
          QUEUE_URL: queue?.url ?? '',
          TUNED_FOR: tunedFor,
          NODE_ENV: 'production',
        },
      });
      resources.use(server);
      const client = new HttpClient(server.url);
      resources.use(client);
      return {
        isInProcess: false,
        pids: [server.pid],
        submit: async (messages) => void (await client.post('/messages', { messages })),
        pause: async () => void (await client.post('/pause')),
        resume: async () => void (await client.post('/resume')),
        queued: async () => Number(await client.post('/queued')),
        async usage() {
          // What serve-peer.ts answers.
          const { cpuMs, eventLoopP999Ms } = (await client.post('/usage')) as PeerUsage;
          const { peak } = memoryOf(server.pid);
          return { cpuMs, eventLoopP999Ms, rssPeakMib: peak, commits: null, units: null };
        },
        [Symbol.asyncDispose]: () => resources.disposeAsync(),
      };
    },
  };
}
