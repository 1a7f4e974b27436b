// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { callServer, type ServerCall } from './call-server.ts';
import type { CommandContext } from './command-context.ts';
import type { Connection } from './connection.ts';
import { reportResult } from './report-result.ts';

/** Make one call to a server, show what came of it, and end with its exit code. */
export async function runCall(
  call: ServerCall,
  { connection, json }: { readonly connection: Connection; readonly json: boolean },
  context: CommandContext,
): Promise<void> {
  const result = await callServer(connection, call);
  context.finish(reportResult(result, { connection, json, ...context }));
}
