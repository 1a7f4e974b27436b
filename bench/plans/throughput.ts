// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { measureFlood } from '../measures/measure-flood.ts';
import { findSmtpSource, measureSmtpSource } from '../measures/measure-smtp-source.ts';
import { mailProxy } from '../ways/mail-proxy.ts';
import { nodemailerPool } from '../ways/nodemailer-way.ts';
import { availablePeers, nodemailerHttp } from '../ways/peers.ts';
import { RAW_MODES } from '../ways/raw-socket.ts';
import { rawSocket } from '../ways/raw-socket-way.ts';
import type { Way } from '../ways/way.ts';
import { openCountingRelay, type Relay } from '../world/relay.ts';
import { findSmtpSink, openSmtpSink } from '../world/smtp-sink-relay.ts';
import { mailProxyOnPostgres } from './mail-proxy-ways.ts';
import type { Contender, Group, Plan } from './plan.ts';

const MESSAGES = 5_000;
const WARM_UP = 500;
const CONNECTIONS = 10;

export const throughput: Plan = {
  name: 'throughput',
  summary: 'messages/s from the first submit to the last arrival, 10 connections; on our sink, and on smtp-sink',
  rounds: 5,
  async groups({ messages, peers }, world) {
    const count = messages ?? MESSAGES;
    const ways: readonly Way[] = [
      ...RAW_MODES.map(rawSocket),
      nodemailerPool,
      nodemailerHttp,
      mailProxy(),
      mailProxy({ onInDoubt: 'hold' }),
      ...[await mailProxyOnPostgres(world)].filter((way) => way !== null),
      ...(peers ? await availablePeers(world) : []),
    ];
    const groupOn = (sink: string, openRelay: () => Promise<Relay>): Group => ({
      where: { connections: CONNECTIONS, sink },
      contenders: [
        ...ways.map((way) => ({
          row: way.row,
          run: () => measureFlood(way, { count, warmUp: WARM_UP, connections: CONNECTIONS, openRelay }),
        })),
        ...smtpSource(count, openRelay),
      ],
      baseline: nodemailerPool.row,
      compared: 'messages_per_second',
    });
    return [groupOn('ours', () => openCountingRelay()), ...onSmtpSink(groupOn)];
  },
};

function smtpSource(count: number, openRelay: () => Promise<Relay>): readonly Contender[] {
  const program = findSmtpSource();
  if (program === null) return leftOut('smtp-source', 'its row');
  const row = "Postfix's smtp-source";
  return [{ row, run: () => measureSmtpSource(row, { program, count, connections: CONNECTIONS, openRelay }) }];
}

function onSmtpSink(groupOn: (sink: string, openRelay: () => Promise<Relay>) => Group): readonly Group[] {
  const program = findSmtpSink();
  return program === null ? leftOut('smtp-sink', 'its table') : [groupOn('smtp-sink', () => openSmtpSink(program))];
}

function leftOut(program: string, what: string): readonly [] {
  console.error(`without ${what}: ${program} is not installed (Debian's package postfix)`);
  return [];
}
