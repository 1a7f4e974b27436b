// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isAbsolute, join } from 'node:path';
import { MailProxyError } from '@mail-proxy/core';
import { type Environment, variableOf } from '../env/environment.ts';

/** A name is a folder's, and stands in command lines and in units of systemd. */
export const INSTANCE_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** The folder of the named instances; null where the user has no home. */
export function instancesFolder(env: Environment): string | null {
  return below(env, 'XDG_DATA_HOME', 'mail-proxy') ?? below(env, 'HOME', '.mail-proxy');
}

/**
 * The data folder of a named instance, made or not.
 *
 * @throws {MailProxyError} `invalid_config` where the user has no home
 */
export function instanceFolder(name: string, env: Environment): string {
  const folder = instancesFolder(env);
  if (folder !== null) return join(folder, name);
  throw new MailProxyError('invalid_config', { detail: 'named instances lie in the home folder: set HOME' });
}

/** The folder of what the command line remembers; null where the user has no home. */
export function settingsFolder(env: Environment): string | null {
  return below(env, 'XDG_CONFIG_HOME', 'mail-proxy') ?? below(env, 'HOME', '.config', 'mail-proxy');
}

/** Relative paths are to be ignored, says the XDG Base Directory Specification. */
function below(env: Environment, variable: string, ...parts: readonly string[]): string | null {
  const base = variableOf(env, variable);
  return base === undefined || !isAbsolute(base) ? null : join(base, ...parts);
}
