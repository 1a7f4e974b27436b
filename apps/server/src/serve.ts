// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError, type Log, LogThreshold, systemClock, VERSION } from '@mail-proxy/core';
import type { Environment } from './env/environment.ts';
import { readServerConfig, type ServerConfig } from './env/read-config.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type LogFile, openLogFile } from './instances/log-file.ts';
import { markRunning } from './instances/run-file.ts';
import { createLog } from './log.ts';
import { type RunningServer, startServer } from './start-server.ts';

/** Nothing should be left once the server has stopped; a process that hangs there is worse than a cut. */
const LAST_RESORT_MS = 2_000;

/** The process that becomes a service. */
export interface ServiceProcess {
  readonly env: Environment;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly on: (event: string, listener: (reason: unknown) => void) => unknown;
  readonly exit: (code: ExitCode) => void;
  /** Log in lines of JSON at a terminal, too. @defaultValue false */
  readonly json?: boolean;
  /** Keep what is logged in this file, besides. @defaultValue none */
  readonly logFile?: string;
}

/**
 * Run the server until a signal ends it. SIGTERM and SIGINT let running sends finish, a second one ends the process
 * at once; something thrown that nobody caught stops it the same way, with exit code 70. A promise that failed and that nobody
 * waited for is a bug of one task, and ends no other: it is logged. SIGUSR2 makes the log tell all, and
 * again what was configured.
 */
export async function serve(host: ServiceProcess): Promise<ExitCode> {
  let config: ServerConfig;
  try {
    config = readServerConfig(host.env);
  } catch (error) {
    return explain(error, host);
  }
  let kept: LogFile | null;
  try {
    kept = openKept(host);
  } catch (error) {
    return explain(error, host);
  }
  using file = kept;
  const threshold = new LogThreshold(config.logLevel);
  const log = openLog(threshold, host, file);
  const asked = whenAskedToStop(host, log);
  // SIGUSR1 starts Node's debugger.
  host.on('SIGUSR2', () => {
    threshold.toggleDebug();
    log.warn({ level: threshold.current }, 'the level of the log was changed');
  });
  let server: RunningServer;
  try {
    server = await startServer(config, { log, logThreshold: threshold });
  } catch (error) {
    return explain(error, host);
  }
  await using _running = await marked(config.dataDir, server, log);
  greet(server, host);
  log.info({ url: server.url, edition: server.edition, mixins: server.mixins }, 'started');
  const code = await asked;
  log.info({}, 'stopping: running sends finish, the rest is given back');
  await server.stop();
  log.info({}, 'stopped');
  // Whatever still keeps the process alive has had its time.
  systemClock.after(LAST_RESORT_MS, () => host.exit(code));
  return code;
}

/** Where the server logs: to stderr, for the eye at a terminal, and into a file in any case as JSON. */
function openLog(threshold: LogThreshold, { stderr, json = false }: ServiceProcess, file: LogFile | null): Log {
  return createLog({
    threshold,
    clock: systemClock,
    write: (line) => stderr.write(line),
    pretty: stderr.isTTY === true && !json,
    ...(file === null ? {} : { keep: file.write }),
  });
}

function openKept({ logFile, stderr }: ServiceProcess): LogFile | null {
  const onFailure = (why: string): void => void stderr.write(`log lines are not kept: ${why}\n`);
  return logFile === undefined ? null : openLogFile(logFile, { onFailure });
}

/** Say in the data folder where the server is, for the command line; it serves without. */
async function marked(dataDir: string, { url }: RunningServer, log: Log): Promise<AsyncDisposable> {
  try {
    return await markRunning(dataDir, { url, version: VERSION, startedAt: new Date(systemClock.now()) });
  } catch (error) {
    log.warn({ err: error }, 'the data folder cannot say that the server runs: name its URL to the command line');
    return new AsyncDisposableStack();
  }
}

function greet({ url, metricsUrl, edition, mixins, keptToken }: RunningServer, { stdout }: ServiceProcess): void {
  if (keptToken?.isNew) {
    stdout.write(
      `\nFirst start: this is your admin token. It is kept in ${keptToken.path}, which only you can read.\n\n` +
        `    ${keptToken.token}\n\n` +
        `Try it:  curl -H "Authorization: Bearer $(cat ${keptToken.path})" ${url}/v1/instance\n\n`,
    );
  }
  stdout.write(`mail-proxy ${edition} edition, mixins: ${mixins.join(', ') || 'none'}; reference: ${url}/docs\n`);
  if (metricsUrl !== null) stdout.write(`mail-proxy serves metrics on ${metricsUrl}/metrics\n`);
  stdout.write(`mail-proxy listening on ${url}\n`);
}

/** Resolves with the exit code of the first reason to stop. */
function whenAskedToStop(host: ServiceProcess, log: Log): Promise<ExitCode> {
  return new Promise((resolve) => {
    let isAsked = false;
    for (const signal of ['SIGTERM', 'SIGINT']) {
      host.on(signal, () => {
        if (isAsked) host.exit(EXIT.refused);
        isAsked = true;
        log.info({ signal }, 'asked to stop');
        resolve(EXIT.ok);
      });
    }
    host.on('unhandledRejection', (reason) => log.error({ err: reason }, 'a bug: nobody waited for what failed here'));
    host.on('uncaughtException', (reason) => {
      log.error({ err: reason }, 'a bug: nobody caught this; stopping');
      resolve(EXIT.software);
    });
  });
}

const CONFIG_CODES: ReadonlySet<string> = new Set([
  'invalid_config',
  'schema_too_new',
  'sealed_with_unknown_key',
  'mixin_broken',
  'mixin_incompatible',
  'mixin_required',
]);

/** Say why it does not start, one problem a line, and what kind of reason it is. */
function explain(error: unknown, { stderr }: ServiceProcess): ExitCode {
  if (isMailProxyError(error)) {
    stderr.write(`mail-proxy cannot start (${error.code}):\n  ${error.message.replaceAll('\n', '\n  ')}\n`);
    return CONFIG_CODES.has(error.code) ? EXIT.config : EXIT.unavailable;
  }
  if (error instanceof Error && 'code' in error && 'syscall' in error && error.syscall === 'listen') {
    stderr.write(
      `mail-proxy cannot listen: ${error.message}\n  set GMP_HOST and GMP_PORT to an address that is free\n`,
    );
    return EXIT.unavailable;
  }
  stderr.write(
    `mail-proxy cannot start:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.software;
}
