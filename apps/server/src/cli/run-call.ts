// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { callServer, type ServerCall } from './call-server.ts';
import type { CommandContext } from './command-context.ts';
import { type ConnectionFlags, findConnection, tokenPlace } from './connection.ts';
import { reportResult } from './report-result.ts';

/** Make one call to the server that the flags name, show what came of it, and end with its exit code. */
export async function runCall(
  call: ServerCall,
  flags: ConnectionFlags & { readonly json?: true },
  { env, streams, finish }: CommandContext,
): Promise<void> {
  const connection = await findConnection(flags, env);
  const result = await callServer(connection, call);
  const report = { url: connection.url, json: flags.json === true, tokenPlace: tokenPlace(flags.dataDir, env) };
  finish(reportResult(result, { ...report, streams }));
}
