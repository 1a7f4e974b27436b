// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { engineConfigSchema, fields, ipRange, LOG_LEVELS } from '@mail-proxy/core';
import * as v from 'valibot';
import { PROXY_HEADERS } from '../http/client-address.ts';
import { genroSettings } from '../http/genro/genro-settings.ts';

const MIB = 1_048_576;

const text = v.pipe(v.string(), v.minLength(1, 'expected some text'));

const port = v.pipe(
  v.number('expected a port, 0 to 65535'),
  v.integer('expected a port, 0 to 65535'),
  v.minValue(0, 'expected a port, 0 to 65535'),
  v.maxValue(65_535, 'expected a port, 0 to 65535'),
);

const openAnswers = v.pipe(
  v.number('expected a number'),
  v.integer('expected a whole number'),
  v.minValue(1, 'expected at least 1'),
  v.maxValue(10_000, 'expected at most 10000'),
);

const LISTEN = /^(\[[\da-fA-F:.]+\]|[^\s:[\]]+):(\d{1,5})$/;

const listenAddress = v.pipe(
  v.string('expected host:port'),
  v.regex(LISTEN, 'expected host:port'),
  v.transform((address) => {
    const [, host = '', digits = ''] = LISTEN.exec(address) ?? [];
    return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(digits) };
  }),
  v.check((address) => address.port <= 65_535, 'expected a port, 0 to 65535'),
);

/**
 * The configuration of the server: what the engine takes, and what the process around it needs. The configuration
 * file has these keys; environment variables land on the same ones.
 */
export const serverConfigSchema = v.strictObject({
  ...engineConfigSchema.entries,
  /** Its least length depends on who calls: see there. */
  adminToken: v.optional(v.string()),
  /** File path or `postgres://` address; `<dataDir>/mail-proxy.db` by default. */
  database: v.optional(text),
  host: v.optional(text, '127.0.0.1'),
  /** 0 takes any free one. */
  port: v.optional(port, 8_000),
  /** Holds the database, its key and the token; made when missing. */
  dataDir: v.optional(text, './data'),
  /** Bytes of a request's body. Above 256 MiB one request could take all memory. */
  maxBodyBytes: v.optional(
    v.pipe(
      v.number('expected bytes'),
      v.integer('expected whole bytes'),
      v.minValue(1_024, 'expected at least 1024 bytes'),
      v.maxValue(256 * MIB, `expected at most ${256 * MIB} bytes`),
    ),
    12 * MIB,
  ),
  /** Connections of clients at the same time; more are closed at once. */
  maxClientConnections: v.optional(
    v.pipe(
      v.number('expected a number'),
      v.integer('expected a whole number'),
      v.minValue(1, 'expected at least 1'),
      v.maxValue(1_000_000, 'expected at most 1000000'),
    ),
    4_000,
  ),
  /** Answers under way on paths that mixins serve to anybody, as downloads by links in mails. */
  publicRoutes: v.optional(
    v.strictObject({
      maxOpen: v.optional(openAnswers, 200),
      /** Behind a proxy that is not among the trusted ones, all clients have its address. */
      maxOpenPerClient: v.optional(openAnswers, 20),
    }),
    {},
  ),
  /** Milliseconds for which a stop goes on serving, so that load balancers see /readyz turn. A minute is long. */
  drainMs: v.optional(
    v.pipe(
      v.number('expected milliseconds'),
      v.minValue(0, 'expected milliseconds, at least 0'),
      v.maxValue(60_000, 'expected at most 60000 milliseconds'),
    ),
    0,
  ),
  /** `genro` serves the calls of genro-mail-proxy beside our own. */
  compat: v.optional(v.picklist(['none', 'genro'], 'expected none or genro'), 'none'),
  /** Milliseconds for which a message that came by such a call waits before it is sent. A minute is long. */
  compatSendDelayMs: v.optional(
    v.pipe(
      v.number('expected milliseconds'),
      v.minValue(0, 'expected milliseconds, at least 0'),
      v.maxValue(60_000, 'expected at most 60000 milliseconds'),
    ),
    500,
  ),
  /** What those calls go by besides. */
  genro: v.optional(genroSettings, {}),
  /** The pages for the browser, at the root. */
  dashboard: v.optional(v.picklist(['on', 'off'], 'expected on or off'), 'on'),
  logLevel: v.optional(v.picklist(LOG_LEVELS, `expected ${LOG_LEVELS.join(', ')}`), 'info'),
  /** Another `host:port` that serves metrics only. */
  metricsListen: v.optional(listenAddress),
  /** Addresses and ranges of proxies that are believed when they say where a request came from. */
  trustedProxies: v.optional(v.array(ipRange, 'expected a list of addresses and ranges'), []),
  /** The header in which they say it; the other one is never read. */
  trustedProxyHeader: v.optional(
    v.picklist(PROXY_HEADERS, `expected ${PROXY_HEADERS.join(' or ')}`),
    'x-forwarded-for',
  ),
  edition: v.optional(
    v.picklist(['auto', 'community', 'enterprise'], 'expected auto, community or enterprise'),
    'auto',
  ),
  /** Settings of mixins, by their ids; each mixin checks its own. */
  mixins: v.optional(fields.objectOf(fields.objectOf(v.unknown())), {}),
});

/** The schema of every key, by its dotted path. */
export const KEY_SCHEMAS: ReadonlyMap<string, object> = new Map(
  Object.entries(serverConfigSchema.entries).flatMap(([key, schema]): readonly (readonly [string, object])[] => {
    const inner: unknown = 'wrapped' in schema ? schema.wrapped : schema;
    if (typeof inner !== 'object' || inner === null || !('entries' in inner)) return [[key, schema]];
    return Object.entries(Object(inner.entries)).map(([name, part]) => [`${key}.${name}`, Object(part)]);
  }),
);
