// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { serve } from '../serve.ts';
import { boundHeapGrowth } from './heap-growth.ts';
import { runCommandLine } from './run-command-line.ts';

/** Run the command line that this process was started with. */
export async function runProcess(): Promise<void> {
  const { stdout, stderr, stdin, env } = process;
  // `mail-proxy ... | head` closes the pipe early, and whoever collects the log may be restarted: that is no failure. An
  // error that nobody hears would be logged, which fails again, and so on for ever.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: Error & { code?: string }) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  process.exitCode = await runCommandLine(process.argv.slice(2), {
    env,
    streams: { stdout, stderr, stdin },
    serve: (settings, { isPrivate = false, ...options }) => {
      if (isPrivate) process.umask(0o077);
      boundHeapGrowth();
      return serve({
        ...options,
        env: settings,
        stdout,
        stderr,
        on: (event, listener) => process.on(event, listener),
        exit: (code) => process.exit(code),
      });
    },
  });
}
