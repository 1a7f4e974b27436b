// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { resolve } from 'node:path';
import { isMailProxyError } from '@mail-proxy/core';
import { type Environment, variableOf } from '../env/environment.ts';
import { nearestName } from '../env/nearest-name.ts';
import { type Contexts, type RemoteServer, readContexts } from '../instances/contexts.ts';
import { instanceNames, isThere } from '../instances/instance.ts';
import { INSTANCE_NAME, instanceFolder } from '../instances/places.ts';
import { DEFAULT_DATA_DIR } from './connection.ts';
import { UsageError } from './usage-error.ts';

/** What `serve`, `status`, `stop` and `logs` are about. */
export type InstanceTarget =
  /** `name` is null for a folder that is none of a named instance. */
  | { readonly kind: 'here'; readonly name: string | null; readonly folder: string }
  | { readonly kind: 'elsewhere'; readonly name: string; readonly server: RemoteServer };

/** Arguments and options of a command on an instance. */
export interface TargetFlags {
  readonly name: string | undefined;
  readonly dataDir?: string | undefined;
}

/**
 * The instance of that name, else the data folder that flags or variables name, else the instance that was chosen with
 * `use`, else `./data`.
 *
 * @throws {UsageError} where the name is none, or is no instance's
 * @throws {MailProxyError} `invalid_config` where what was chosen is needed and cannot be read
 */
export async function findTarget({ name, dataDir }: TargetFlags, env: Environment): Promise<InstanceTarget> {
  const given = dataDir ?? (name === undefined ? variableOf(env, 'GMP_DATA_DIR') : undefined);
  if (given !== undefined) return { kind: 'here', name: name ?? null, folder: resolve(given) };
  const { current, servers } = await contextsFor(name, env);
  const wanted = name ?? current?.instance;
  if (wanted === undefined) return { kind: 'here', name: null, folder: resolve(DEFAULT_DATA_DIR) };
  const server = servers[wanted];
  if (server !== undefined) return { kind: 'elsewhere', name: wanted, server };
  if (!INSTANCE_NAME.test(wanted)) throw new UsageError('a name has small letters, digits, - and _, at most 63');
  return { kind: 'here', name: wanted, folder: instanceFolder(wanted, env) };
}

/** What was chosen. Where that cannot be read, an instance that was made here is found without it. */
async function contextsFor(name: string | undefined, env: Environment): Promise<Contexts> {
  try {
    return await readContexts(env);
  } catch (error) {
    const isHere = name !== undefined && INSTANCE_NAME.test(name) && (await isThere(instanceFolder(name, env)));
    if (isHere && isMailProxyError(error, 'invalid_config')) return { current: null, servers: {} };
    throw error;
  }
}

/** As {@link findTarget}, of an instance that was made. */
export async function findMade(flags: TargetFlags, env: Environment): Promise<InstanceTarget> {
  const target = await findTarget(flags, env);
  if (target.kind === 'elsewhere' || target.name === null) return target;
  if (await isThere(target.folder)) return target;
  const nearest = nearestName(target.name, await instanceNames(env));
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  throw new UsageError(`there is no instance ${target.name}${hint}\n  make it with: mail-proxy serve ${target.name}`);
}
