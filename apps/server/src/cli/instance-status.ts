// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { Environment } from '../env/environment.ts';
import { runStateOf } from '../instances/run-file.ts';
import { callServer } from './call-server.ts';
import { connectionElsewhere, connectionInFolder, type PlainConnection } from './connection.ts';
import type { InstanceTarget } from './instance-target.ts';

/** What is shown of an instance; null is what is not known. */
export interface InstanceStatus {
  readonly name: string | null;
  /**
   * - `running`: it answers.
   * - `silent`: its process is there, or it is elsewhere, and it does not answer.
   * - `unsure`: a process has its id, and this system does not say whether it is the same.
   */
  readonly state: 'running' | 'stopped' | 'silent' | 'unsure';
  readonly url: string | null;
  /** RFC 3339 */
  readonly since: string | null;
  readonly version: string | null;
  readonly edition: string | null;
  readonly pid: number | null;
  /** Messages that are not final. */
  readonly waiting: number | null;
  /** Whether the operator has stopped all sending. */
  readonly paused: boolean | null;
  /** Where all of it lies; null elsewhere. */
  readonly folder: string | null;
}

const NOTHING = { url: null, since: null, version: null, edition: null, pid: null, waiting: null, paused: null };

const answer = v.object({
  version: v.string(),
  edition: v.string(),
  started_at: v.string(),
  waiting: v.number(),
  paused: v.boolean(),
});

/** Look at the process, and ask the server how much mail waits. */
export async function statusOf(target: InstanceTarget, env: Environment): Promise<InstanceStatus> {
  if (target.kind === 'elsewhere') {
    const connection = await connectionElsewhere(target.name, target.server, env);
    return { name: target.name, ...NOTHING, url: connection.url, folder: null, ...(await said(connection)) };
  }
  const { name, folder } = target;
  const found = await runStateOf(folder);
  if (found.kind === 'stopped') return { name, state: 'stopped', ...NOTHING, folder };
  const { url, started_at: since, version, pid } = found.run;
  const own = { name, ...NOTHING, url, since, version, pid, folder };
  const { state, ...more } = await said(await connectionInFolder(folder, env, url));
  return { ...own, ...more, state: found.kind === 'unsure' && state === 'silent' ? 'unsure' : state };
}

async function said(connection: PlainConnection): Promise<Pick<InstanceStatus, 'state'> & Partial<InstanceStatus>> {
  const result = await callServer(connection, { method: 'GET', path: '/v1/instance' });
  if (result.kind === 'unreachable') return { state: 'silent' };
  const parsed = v.safeParse(answer, result.kind === 'ok' ? result.value : null);
  // It may be without a token, or with one that may see less.
  if (!parsed.success) return { state: 'running' };
  const { version, edition, started_at: since, waiting, paused } = parsed.output;
  return { state: 'running', version, edition, since, waiting, paused };
}
