// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  type Clock,
  createMailEngine,
  type Log,
  type LogThreshold,
  silentLog,
  systemClock,
  VERSION,
} from '@mail-proxy/core';
import { readWebFiles } from './dashboard/web-files.ts';
import { makeDataFolder } from './env/data-folder.ts';
import { isLoopback } from './env/loopback.ts';
import type { ServerConfig } from './env/read-config.ts';
import { type KeptToken, keepToken } from './env/token-file.ts';
import { createHttpApp, createMetricsApp } from './http/app.ts';
import { bodyLimits } from './http/body-limits.ts';
import { applySettings } from './http/genro/first-start.ts';
import { listen } from './http/listen.ts';
import { findMixins } from './mixins.ts';

/** Running requests have this long to end once the server stops; uploads under way are then cut. */
const HTTP_GRACE_MS = 2_000;

export interface StartOptions {
  /** @defaultValue silent */
  readonly log?: Log;
  /** The level of that log, for an operation to change. @defaultValue none may */
  readonly logThreshold?: LogThreshold;
  readonly clock?: Clock;
}

/** A server that accepts, delivers and reports, until it is disposed of. */
export interface RunningServer extends AsyncDisposable {
  /** `http://HOST:PORT`, with the real port. */
  readonly url: string;
  /** Where metrics are served alone, if anywhere. */
  readonly metricsUrl: string | null;
  readonly edition: 'community' | 'enterprise';
  readonly mixins: readonly string[];
  /** The token that the data folder keeps; null when the configuration names one. */
  readonly keptToken: KeptToken | null;
  /** Answer running requests, finish running sends, give back the rest. */
  stop(): Promise<void>;
}

/**
 * Start a server as `mail-proxy serve` does, without touching the process around it.
 *
 * @throws {MailProxyError} `invalid_config`, `database_locked`, `database_unavailable`, `schema_too_new`, `mixin_*`,
 * and Node's error when the port cannot be had
 */
export async function startServer(
  config: ServerConfig,
  { log = silentLog, clock = systemClock, ...others }: StartOptions = {},
): Promise<RunningServer> {
  const { edition, mixins } = await findMixins(config.edition);
  log.info({ version: VERSION, edition, mixins: mixins.map(({ id }) => id) }, 'starting');
  if (config.idleVariables.length > 0) log.warn({ variables: config.idleVariables }, 'these have no effect here');
  await makeDataFolder(config.dataDir);
  const keptToken = config.engine.adminToken === undefined ? await keepToken(config.dataDir) : null;
  const settings = keptToken === null ? config.engine : { ...config.engine, adminToken: keptToken.token };
  // Closed in reverse: the ports first, the database last. On a failure below, as far as it came.
  await using opened = new AsyncDisposableStack();
  const engine = opened.use(
    await createMailEngine({ config: settings, mixins, mixinConfig: config.mixins, log, clock, ...others }),
  );
  const { host, port, maxBodyBytes, maxClientConnections, metricsListen, drainMs, proxies, publicRoutes, genro } =
    config;
  let isStopping = false;
  const stopping = new AbortController();
  const limits = bodyLimits(maxBodyBytes, engine.uploads);
  const options = {
    ...{ log, clock, maxBodyBytes, proxies, publicRoutes },
    ...{ isStopping: () => isStopping, stopping: stopping.signal },
  };
  const metrics =
    metricsListen &&
    opened.use(
      await listen(createMetricsApp(engine, { ...options, isMetricsOpen: isLoopback(metricsListen.host) }), {
        ...metricsListen,
        limits,
        clock,
      }),
    );
  const dashboard = config.dashboard === 'on' ? readWebFiles() : undefined;
  if (dashboard === null) log.warn({}, 'the dashboard was not built: it is not served');
  const listener = opened.use(
    await listen(createHttpApp(engine, { ...options, genro, dashboard, isMetricsOpen: isLoopback(host) }), {
      host,
      port,
      limits,
      maxConnections: maxClientConnections,
      clock,
    }),
  );
  if (genro !== null) await applySettings(engine, genro.settings);
  await engine.start();
  const resources = opened.move();

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    isStopping = true;
    // What load balancers send before they have noticed is answered, and its connections end with the answer.
    if (drainMs > 0) await clock.sleep(drainMs);
    stopping.abort();
    await listener.close(HTTP_GRACE_MS);
    await engine.stop();
    await resources.disposeAsync();
  };
  return {
    url: listener.url,
    metricsUrl: metrics?.url ?? null,
    edition: engine.edition,
    mixins: engine.mixins,
    keptToken,
    stop: () => (stopped ??= stop()),
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  };
}
