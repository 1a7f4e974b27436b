// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import type { BenchMail } from '../load/mail.ts';
import { type NodemailerPool, openNodemailerPool } from '../ways/nodemailer-pool.ts';

/** What stands between HTTP and nodemailer. */
export interface PeerQueue {
  /** Resolves when the mails are as safe as the queue makes them. */
  add(mails: readonly BenchMail[]): Promise<void>;
  /** Start sending, again after {@link pause}. */
  resume(): Promise<void>;
  pause(): Promise<void>;
  /** How many mails wait. */
  queued(): Promise<number>;
}

/** What the bench says to the process of a peer. */
export interface PeerSettings {
  readonly connections: number;
  /** Of the server that keeps the queue. */
  readonly queueUrl: string;
  readonly pool: NodemailerPool;
  /** What counts, where a queue can be set up for either. */
  readonly tunedFor: Tuning;
}

export type Tuning = 'throughput' | 'latency';

/** What GET /usage answers. */
export interface PeerUsage {
  readonly cpuMs: number;
  readonly eventLoopP999Ms: number;
}

/** Take mails over HTTP as one would with a queue from npm, and say where. */
export async function servePeer(open: (settings: PeerSettings) => Promise<PeerQueue>): Promise<void> {
  const { SINK_HOST = '127.0.0.1', SINK_PORT = '25', CONNECTIONS = '10', QUEUE_URL = '', TUNED_FOR } = process.env;
  const connections = Number(CONNECTIONS);
  const tunedFor = TUNED_FOR === 'latency' ? 'latency' : 'throughput';
  const pool = openNodemailerPool({ host: SINK_HOST, port: Number(SINK_PORT), connections });
  const queue = await open({ connections, queueUrl: QUEUE_URL, pool, tunedFor });
  await queue.resume();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();

  const answer = async (path: string, body: string): Promise<unknown> => {
    switch (path) {
      case '/messages': {
        // The bench posts nothing else here.
        const { messages } = JSON.parse(body) as { readonly messages: readonly BenchMail[] };
        await queue.add(messages);
        return { accepted: messages.length };
      }
      case '/pause':
        return queue.pause();
      case '/resume':
        return queue.resume();
      case '/queued':
        return queue.queued();
      case '/usage':
        return usage();
      default:
        throw new Error(`there is no ${path}`);
    }
  };
  const usage = (): PeerUsage => {
    const { user, system } = process.cpuUsage();
    const eventLoopP999Ms = delay.count === 0 ? 0 : delay.percentile(99.9) / 1e6;
    delay.reset();
    return { cpuMs: (user + system) / 1_000, eventLoopP999Ms };
  };
  const server = createServer(async (request, response) => {
    try {
      const said = await answer(request.url ?? '', await text(request));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(said ?? null));
    } catch (error) {
      console.error(error);
      response.writeHead(500).end(String(error));
    }
  });
  server.listen(0, '127.0.0.1', () => {
    // A server that listens on a port has such an address.
    const { port } = server.address() as AddressInfo;
    console.log(`listening on http://127.0.0.1:${port}`);
  });
}
