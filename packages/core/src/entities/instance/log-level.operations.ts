// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { MailProxyError } from '../../errors.ts';
import { LOG_LEVELS, type LogThreshold } from '../../observability/log-level.ts';
import { defineOperation } from '../../operations/operation.ts';

export interface LogLevelServices {
  /** That of the process's log; null where the log is the embedder's. */
  readonly logThreshold: LogThreshold | null;
}

const levelOutput = v.object({
  /** The least important level that this instance writes. */
  level: v.picklist(LOG_LEVELS),
  /** What it writes from its start on. */
  configured: v.picklist(LOG_LEVELS),
});

export const getLogLevel = defineOperation({
  name: 'instance.log-level',
  summary: 'Show what the instance that answers writes to its log',
  http: { method: 'GET', path: '/v1/instance/log-level' },
  access: 'admin',
  audit: false,
  input: v.strictObject({}),
  output: levelOutput,
  run: async ({ logThreshold }: LogLevelServices) => viewOf(expectThreshold(logThreshold)),
});

export const setLogLevel = defineOperation({
  name: 'instance.set-log-level',
  summary: 'Set what the instance that answers writes to its log, until it starts again',
  http: { method: 'PATCH', path: '/v1/instance/log-level' },
  access: 'admin',
  audit: true,
  input: v.strictObject({ level: v.picklist(LOG_LEVELS, `expected ${LOG_LEVELS.join(', ')}`) }),
  output: levelOutput,
  async run({ logThreshold }: LogLevelServices, { level }) {
    const threshold = expectThreshold(logThreshold);
    threshold.current = level;
    return viewOf(threshold);
  },
});

export const logLevelOperations = [getLogLevel, setLogLevel] as const;

/** @throws {MailProxyError} `unsupported` */
function expectThreshold(threshold: LogThreshold | null): LogThreshold {
  if (threshold !== null) return threshold;
  throw new MailProxyError('unsupported', {
    detail: 'the log is that of the program around the engine, which sets its level',
  });
}

function viewOf({ current, configured }: LogThreshold): v.InferOutput<typeof levelOutput> {
  return { level: current, configured };
}
