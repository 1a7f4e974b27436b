// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Environment, variableOf } from './environment.ts';

/** A variable of genro-mail-proxy: which one of ours it is, and what its value is there. */
interface OldVariable {
  readonly now: string;
  /** Undefined where it says nothing. @defaultValue as it is */
  readonly read?: (text: string) => string | undefined;
}

const LEVELS: Readonly<Record<string, string>> = { warning: 'warn', critical: 'error', fatal: 'error' };

/** What is no number stays text, so that it is told what was expected. */
const scaled = (factor: number) => (text: string) =>
  /^\s*\d+(\.\d+)?\s*$/.test(text) ? String(Math.round(Number(text) * factor)) : text;

const isTrue = (text: string): boolean => /^(1|true|yes|on)$/i.test(text.trim());

const minutes = (text: string): string => {
  const seconds = scaled(1)(text);
  return /^\d+$/.test(seconds) ? `PT${Math.max(1, Math.ceil(Number(seconds) / 60))}M` : text;
};

/** Those that are ours under another name; where ours is given, too, it wins. */
const RENAMED: Readonly<Record<string, OldVariable>> = {
  MAIL_PROXY_DB_PATH: { now: 'GMP_DB_PATH' },
  GMP_LOG_LEVEL: {
    now: 'GMP_LOG_LEVEL',
    read: (text) => LEVELS[text.trim().toLowerCase()] ?? text.trim().toLowerCase(),
  },
  GMP_DEBUG: { now: 'GMP_LOG_LEVEL', read: (text) => (isTrue(text) ? 'debug' : undefined) },
  GMP_SEND_LOOP_INTERVAL: { now: 'GMP_COMPAT_SEND_DELAY_MS', read: scaled(1_000) },
  GMP_DELIVERY_REPORT_RETENTION_SECONDS: { now: 'GMP_RETENTION_METADATA', read: minutes },
};

/** Those that only this surface has: keys of the configuration, below `genro`. */
const SETTINGS: Readonly<Record<string, readonly [section: string, key: string]>> = {
  GMP_DEFAULT_PRIORITY: ['defaultPriority', ''],
  GMP_CLIENT_SYNC_URL: ['clientSync', 'url'],
  GMP_CLIENT_SYNC_USER: ['clientSync', 'user'],
  GMP_CLIENT_SYNC_PASSWORD: ['clientSync', 'password'],
  GMP_CLIENT_SYNC_TOKEN: ['clientSync', 'token'],
  GMP_BOUNCE_ENABLED: ['bounces', 'bounce_enabled'],
  GMP_BOUNCE_IMAP_HOST: ['bounces', 'bounce_imap_host'],
  GMP_BOUNCE_IMAP_PORT: ['bounces', 'bounce_imap_port'],
  GMP_BOUNCE_IMAP_USER: ['bounces', 'bounce_imap_user'],
  GMP_BOUNCE_IMAP_PASSWORD: ['bounces', 'bounce_imap_password'],
  GMP_BOUNCE_IMAP_SSL: ['bounces', 'bounce_imap_ssl'],
  GMP_BOUNCE_POLL_INTERVAL: ['bounces', 'bounce_poll_interval'],
};

/** Those that say what nothing here has to be told. */
const IDLE: readonly string[] = [
  'GMP_ATTACHMENT_BASE_URL',
  'GMP_BATCH_SIZE_PER_ACCOUNT',
  'GMP_INSTANCE',
  'GMP_LOG_DELIVERY_ACTIVITY',
  'GMP_PEC_ACCEPTANCE_TIMEOUT',
  'GMP_POOL_SIZE',
  'GMP_SCHEDULER_ACTIVE',
  'GMP_START_ACTIVE',
  'GMP_TENANT',
  'GMP_TEST_MODE',
];

/** Of these there were several. */
const IDLE_PREFIX = 'GMP_ATTACHMENT_CACHE_';

/** All names that are known, for the guide. */
export const GENRO_VARIABLES: readonly string[] = [...Object.keys(RENAMED), ...Object.keys(SETTINGS), ...IDLE];

export interface OwnWords {
  /** With our names in place of the old ones. */
  readonly env: Environment;
  /** What goes below `genro` in the configuration. */
  readonly genro: Readonly<Record<string, unknown>>;
  /** What was given and has no effect. */
  readonly idle: readonly string[];
}

/** Read the variables of genro-mail-proxy as ours. */
export function inOwnWords(env: Environment): OwnWords {
  const isIdle = (name: string): boolean => IDLE.includes(name) || name.startsWith(IDLE_PREFIX);
  const isOld = (name: string): boolean => name in RENAMED || name in SETTINGS || isIdle(name);
  const translated = Object.fromEntries(Object.entries(env).filter(([name]) => !isOld(name)));
  for (const [name, { now, read = (text: string) => text }] of Object.entries(RENAMED)) {
    const text = variableOf(env, name);
    if (text !== undefined) translated[now] = variableOf(translated, now) ?? read(text);
  }
  const sections = new Map<string, unknown>();
  for (const [name, [section, key]] of Object.entries(SETTINGS)) {
    const text = variableOf(env, name);
    if (text !== undefined)
      sections.set(section, key === '' ? text : { ...Object(sections.get(section)), [key]: text });
  }
  const idle = Object.keys(env).filter((name) => isIdle(name) && variableOf(env, name) !== undefined);
  return { env: translated, genro: Object.fromEntries(sections), idle };
}
