// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type EditionChoice,
  type EngineConfigInput,
  type InputProblem,
  type LogLevel,
  MailProxyError,
  parseIpRanges,
} from '@mail-proxy/core';
import * as v from 'valibot';
import type { TrustedProxies } from '../http/client-address.ts';
import type { GenroConfig } from '../http/genro/genro-options.ts';
import type { OpenAnswerLimits } from '../http/open-answers.ts';
import { draftConfig } from './config-draft.ts';
import { KEY_SCHEMAS, serverConfigSchema } from './config-schema.ts';
import { type Environment, variableOf } from './environment.ts';
import { codeOf } from './error-code.ts';
import { withGenroDefaults } from './genro-defaults.ts';
import { inOwnWords } from './genro-variables.ts';
import { isLoopback } from './loopback.ts';
import { nearestName } from './nearest-name.ts';

/** Characters of the admin token; fewer where clients of the original hold one that cannot be changed at once. */
const MIN_TOKEN = 16;
const MIN_GENRO_TOKEN = 8;

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  readonly engine: EngineConfigInput;
  readonly maxBodyBytes: number;
  readonly maxClientConnections: number;
  readonly drainMs: number;
  readonly publicRoutes: OpenAnswerLimits;
  readonly dashboard: 'on' | 'off';
  readonly logLevel: LogLevel;
  readonly metricsListen: { readonly host: string; readonly port: number } | null;
  readonly edition: EditionChoice;
  /** Settings of mixins, by their ids. */
  readonly mixins: Readonly<Record<string, unknown>>;
  readonly proxies: TrustedProxies;
  /** What serves the calls of genro-mail-proxy; null where nothing does. */
  readonly genro: GenroConfig | null;
  /** Variables that were given and have no effect. */
  readonly idleVariables: readonly string[];
}

/**
 * Read the configuration from the environment and the file that GMP_CONFIG_FILE names.
 *
 * @throws {MailProxyError} `invalid_config` with every problem, each by the name of what has to be corrected; values
 * are never repeated, since any of them may be a secret
 */
export function readServerConfig(env: Environment): ServerConfig {
  const file = variableOf(env, 'GMP_CONFIG_FILE') ?? '';
  const fromFile = file === '' ? {} : readConfigFile(file);
  const isGenro = (variableOf(env, 'GMP_COMPAT') ?? fromFile['compat']) === 'genro';
  const own = isGenro ? inOwnWords(env) : { env, genro: {}, idle: [] };
  const draft = draftConfig(own.env, withGenro(fromFile, own.genro), file);
  const parsed = v.safeParse(serverConfigSchema, withGenroDefaults(draft.values), { abortPipeEarly: true });
  const problems = [
    ...draft.problems,
    ...(parsed.issues ?? []).map((issue) => problemOf(issue, draft.sourceOf)),
    ...openDoors(draft.values, draft.sourceOf),
    ...shortToken(draft.values, draft.sourceOf),
    ...notPostgres(draft.values, draft.sourceOf),
  ];
  if (!parsed.success || problems.length > 0) throw invalidConfig(problems);
  const {
    host,
    port,
    dataDir,
    maxBodyBytes,
    maxClientConnections,
    drainMs,
    dashboard,
    logLevel,
    metricsListen,
    edition,
    mixins,
    ...others
  } = parsed.output;
  const {
    trustedProxies,
    trustedProxyHeader: header,
    publicRoutes,
    compat,
    compatSendDelayMs: sendDelayMs,
    genro: settings,
    ...engine
  } = others;
  const folder = resolve(dataDir);
  return {
    host,
    port,
    dataDir: folder,
    maxBodyBytes,
    maxClientConnections,
    drainMs,
    publicRoutes,
    dashboard,
    logLevel,
    metricsListen: metricsListen ?? null,
    edition,
    mixins,
    proxies: { ranges: parseIpRanges(trustedProxies), header },
    genro: compat === 'genro' ? { sendDelayMs, settings } : null,
    idleVariables: own.idle,
    engine: withPlaces(engine, folder),
  };
}

/** A variable wins over the file. */
function withGenro(fromFile: Readonly<Record<string, unknown>>, genro: Readonly<Record<string, unknown>>) {
  return Object.keys(genro).length === 0
    ? fromFile
    : { ...fromFile, genro: { ...Object(fromFile['genro']), ...genro } };
}

type EngineSettings = Omit<EngineConfigInput, 'database'> & { readonly database?: string | undefined };

/** Everything that is kept stands in the data folder, unless a setting says otherwise. */
function withPlaces({ database, ...engine }: EngineSettings, folder: string): EngineConfigInput {
  const at = database ?? join(folder, 'mail-proxy.db');
  // Beside a database file lies its key; beside a database server there is no place for one.
  const { encryptionKey, encryptionKeyFile, encryptionKeyCommand } = engine;
  const hasKey = [encryptionKey, encryptionKeyFile, encryptionKeyCommand].some((each) => each !== undefined);
  const needsKeyFile = isPostgres(at) && !hasKey;
  return { ...engine, database: at, ...(needsKeyFile ? { encryptionKeyFile: join(folder, 'encryption.key') } : {}) };
}

function readConfigFile(file: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // The text of a syntax error quotes the file, secrets included.
    const why = error instanceof SyntaxError ? 'is not valid JSON' : `cannot be read (${codeOf(error)})`;
    throw invalidConfig([{ pointer: `GMP_CONFIG_FILE=${file}`, message: why }]);
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw invalidConfig([{ pointer: `GMP_CONFIG_FILE=${file}`, message: 'expected a JSON object' }]);
}

/** Beyond this machine, only with a token that somebody chose. */
function openDoors(values: Readonly<Record<string, unknown>>, sourceOf: (key: string) => string): InputProblem[] {
  const { host, adminToken } = values;
  if (typeof host !== 'string' || isLoopback(host) || adminToken !== undefined) return [];
  return [
    {
      pointer: sourceOf('host'),
      message:
        'listening beyond this machine needs an API token of your own; set GMP_API_TOKEN ' +
        '(for example to the output of: openssl rand -hex 32), or listen on 127.0.0.1',
    },
  ];
}

function shortToken(values: Readonly<Record<string, unknown>>, sourceOf: (key: string) => string): InputProblem[] {
  const { adminToken, compat } = values;
  const min = compat === 'genro' ? MIN_GENRO_TOKEN : MIN_TOKEN;
  if (typeof adminToken !== 'string' || adminToken.length >= min) return [];
  return [{ pointer: sourceOf('adminToken'), message: `expected at least ${min} characters` }];
}

/** A mistyped address would otherwise be the name of a new, empty SQLite file. */
function notPostgres(values: Readonly<Record<string, unknown>>, sourceOf: (key: string) => string): InputProblem[] {
  const source = sourceOf('database');
  const { database } = values;
  if (!source.startsWith('GMP_DATABASE_URL') || typeof database !== 'string' || isPostgres(database)) return [];
  return [{ pointer: source, message: 'expected postgres://...; for a SQLite file set GMP_DB_PATH' }];
}

function isPostgres(database: string): boolean {
  return /^postgres(ql)?:\/\//.test(database);
}

function problemOf(issue: v.BaseIssue<unknown>, sourceOf: (key: string) => string): InputProblem {
  const key = (issue.path ?? []).map((item) => String(item.key)).join('.');
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const nearest = nearestName(key, [...KEY_SCHEMAS.keys()]);
    return {
      pointer: sourceOf(key),
      message: `unknown key${nearest === undefined ? '' : `; did you mean ${nearest}?`}`,
    };
  }
  // The library's own messages quote what they were given.
  const message = issue.message.startsWith('Invalid ')
    ? `expected ${issue.expected?.toLowerCase() ?? 'another value'}`
    : issue.message;
  return { pointer: sourceOf(key), message };
}

function invalidConfig(problems: readonly InputProblem[]): MailProxyError {
  return new MailProxyError('invalid_config', {
    detail: problems.map(({ pointer, message }) => `${pointer}: ${message}`).join('\n'),
    problems,
  });
}
