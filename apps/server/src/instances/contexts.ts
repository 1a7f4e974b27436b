// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MailProxyError } from '@mail-proxy/core';
import * as v from 'valibot';
import type { Environment } from '../env/environment.ts';
import { readKept, writeKept } from './kept-file.ts';
import { settingsFolder } from './places.ts';

const remoteServer = v.object({
  url: v.string(),
  /** Absolute. */
  token_file: v.optional(v.string()),
  token: v.optional(v.string()),
});

const contexts = v.object({
  current: v.nullable(v.object({ instance: v.string(), tenant_id: v.nullable(v.string()) })),
  /** By their names; an instance of this machine needs no entry. */
  servers: v.record(v.string(), remoteServer),
});

/** A server elsewhere, and where its token is: in a file, or here. */
export type RemoteServer = v.InferOutput<typeof remoteServer>;

/** What `mail-proxy use` remembers. */
export type Contexts = v.InferOutput<typeof contexts>;

const ADVICE = 'delete it and choose again with: mail-proxy use';

const NONE: Contexts = { current: null, servers: {} };

/** `prod/acme`. */
export function contextLabel({ instance, tenant_id }: NonNullable<Contexts['current']>): string {
  return tenant_id === null ? instance : `${instance}/${tenant_id}`;
}

/**
 * Read what was chosen.
 *
 * @throws {MailProxyError} `invalid_config` when the file is no such, or others can read it: it may hold tokens
 */
export async function readContexts(env: Environment): Promise<Contexts> {
  const path = contextsPath(env);
  if (path === null) return NONE;
  const kept = await readKept(path, ADVICE);
  if (kept === null) return NONE;
  const { mode } = await stat(path);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const detail = `${path} can be read by other users; run: chmod 600 ${path}`;
    throw new MailProxyError('invalid_config', { detail });
  }
  const parsed = v.safeParse(contexts, kept);
  if (parsed.success) return parsed.output;
  throw new MailProxyError('invalid_config', { detail: `${path} holds no contexts; ${ADVICE}` });
}

/** @throws {MailProxyError} `invalid_config` where the user has no home */
export async function writeContexts(kept: Contexts, env: Environment): Promise<void> {
  const path = contextsPath(env);
  if (path === null)
    throw new MailProxyError('invalid_config', { detail: 'it is remembered in the home folder: set HOME' });
  await writeKept(path, `${JSON.stringify(kept, null, 2)}\n`);
}

function contextsPath(env: Environment): string | null {
  const folder = settingsFolder(env);
  return folder === null ? null : join(folder, 'contexts.json');
}
