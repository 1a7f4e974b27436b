// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { runCommandLine } from '../src/cli/run-command-line.ts';

/** What a command wrote, and how it ended. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run a command in this process, in the community edition unless `env` says otherwise, with nothing to read. */
export async function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Run> {
  const written = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const stdin = (async function* () {
    yield '';
  })();
  const code = await runCommandLine(args, {
    env: { GMP_EDITION: 'community', ...env },
    streams: { stdout: sink('stdout'), stderr: sink('stderr'), stdin },
    serve: async () => 0,
  });
  return { code, ...written };
}
