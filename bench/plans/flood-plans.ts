// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { makerWithFile } from '../load/mail.ts';
import { type Flood, measureFlood } from '../measures/measure-flood.ts';
import { mailProxy } from '../ways/mail-proxy.ts';
import { nodemailerPool } from '../ways/nodemailer-way.ts';
import { availablePeers, nodemailerHttp } from '../ways/peers.ts';
import { RAW_MODES } from '../ways/raw-socket.ts';
import { rawSocket } from '../ways/raw-socket-way.ts';
import type { Way } from '../ways/way.ts';
import { openCountingRelay } from '../world/relay.ts';
import type { World } from '../world/world.ts';
import { mailProxyOnPostgres } from './mail-proxy-ways.ts';
import type { BenchOptions, Group, Plan } from './plan.ts';

const WARM_UP = 500;
const RTT_MS = 20;
/** Three of each are being sent, and the outcome of one is being written. */
const SENDS_PER_CONNECTION = 4;
const ATTACHMENT_KIB = 100;
/** Fifty files of 100 KiB in base64 are under 12 MiB, the largest body of a request. */
const ATTACHMENT_BATCH = 50;

export const connections: Plan = {
  name: 'connections',
  summary: 'messages/s over 1, 10 and 50 connections',
  rounds: 5,
  async groups(options, world) {
    return Promise.all(
      [1, 10, 50].map(async (number) =>
        floodGroup(
          await sendersOf(options, world, number),
          { connections: number },
          { count: options.messages ?? 5_000, connections: number },
        ),
      ),
    );
  },
};

export const rtt: Plan = {
  name: 'rtt',
  summary: 'messages/s to a relay whose every reply is 20 ms late, over 10 and 50 connections',
  rounds: 5,
  async groups(options, world) {
    return Promise.all(
      [10, 50].map(async (number) =>
        floodGroup(
          await sendersOf(options, world, number),
          { connections: number, 'rtt ms': RTT_MS },
          {
            count: options.messages ?? number * 200,
            connections: number,
            openRelay: () => openCountingRelay(RTT_MS),
          },
        ),
      ),
    );
  },
};

export const attachment: Plan = {
  name: 'attachment',
  summary: 'messages/s with a file of 100 KiB each, as base64 in the request',
  rounds: 5,
  async groups(options, world) {
    const feeding = { batch: ATTACHMENT_BATCH, make: makerWithFile(ATTACHMENT_KIB * 1_024) };
    const run = { count: options.messages ?? 1_000, warmUp: 100, connections: 10, feeding };
    return [floodGroup(await sendersOf(options, world), { connections: 10, 'attachment KiB': ATTACHMENT_KIB }, run)];
  },
};

async function sendersOf({ peers }: BenchOptions, world: World, connections = 10): Promise<readonly Way[]> {
  // An operator who wants more connections than the default feeds lets more messages be sent at once as well.
  const settings = connections > 10 ? { env: { GMP_MAX_SENDS: String(connections * SENDS_PER_CONNECTION) } } : {};
  const onPostgres = await mailProxyOnPostgres(world, settings);
  return [
    ...RAW_MODES.map(rawSocket),
    nodemailerPool,
    nodemailerHttp,
    mailProxy(settings),
    ...(onPostgres === null ? [] : [onPostgres]),
    ...(peers ? await availablePeers(world) : []),
  ];
}

function floodGroup(
  ways: readonly Way[],
  where: Group['where'],
  flood: Pick<Flood, 'count' | 'connections'> & Partial<Flood>,
): Group {
  const run = { warmUp: WARM_UP, openRelay: () => openCountingRelay(), ...flood };
  return {
    where,
    contenders: ways.map((way) => ({ row: way.row, run: () => measureFlood(way, run) })),
    baseline: nodemailerPool.row,
    compared: 'messages_per_second',
  };
}
