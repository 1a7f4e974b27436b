// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';

/** One environment variable: which key of the configuration it sets, and how its text is read. */
export interface Variable {
  readonly name: string;
  /** One line for the help, with unit and default. */
  readonly summary: string;
  readonly key: readonly string[];
  /** @throws Error with Node's code, where the text names a file that cannot be read */
  readonly read: (text: string) => unknown;
}

const asText = (text: string): unknown => text;

/** Text that is no number stays text, so that the schema says what it expected. */
const asNumber = (text: string): unknown => (/^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text);

const asSeconds = (text: string): unknown => {
  const seconds = asNumber(text);
  return typeof seconds === 'number' ? seconds * 1_000 : seconds;
};

/** Whole seconds between commas. What is no list of numbers stays text, so that the schema says what it expected. */
const asSecondsList = (text: string): unknown => {
  const list = text.split(',').map(asSeconds);
  return list.every((each) => typeof each === 'number') ? list : text;
};

/** Whole days, or a duration; `forever` for no end. */
const asPeriod = (text: string): unknown => (text.trim() === 'forever' ? null : asNumber(text));

/** What a file holds, as container platforms hand out secrets; editors end a file with a line end. */
const asContentOf = (file: string): unknown => readFileSync(file, 'utf8').trim();

/** Text that is neither stays text, so that the schema says what it expected. */
const asBoolean = (text: string): unknown => ({ true: true, false: false })[text.trim().toLowerCase()] ?? text;

const asTextList = (text: string): unknown =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

/** A program and its arguments: a JSON list, or words between blanks. */
const asCommand = (text: string): unknown => {
  if (!text.trimStart().startsWith('[')) return text.split(/\s+/).filter((each) => each !== '');
  try {
    return JSON.parse(text);
  } catch {
    // It stays text, so that the schema says what it expected.
    return text;
  }
};

const variables = (
  read: Variable['read'],
  rows: readonly (readonly [name: string, key: string, summary: string])[],
): readonly Variable[] => rows.map(([name, key, summary]) => ({ name, summary, key: key.split('.'), read }));

/** Every variable that the server reads; where two set one key, only one of them may be given. */
export const VARIABLES: readonly Variable[] = [
  ...variables(asText, [
    ['GMP_HOST', 'host', 'address to listen on (127.0.0.1)'],
    ['GMP_DATA_DIR', 'dataDir', 'folder of the database, its key and the token (./data)'],
    ['GMP_DB_PATH', 'database', 'SQLite file (mail-proxy.db in the data folder)'],
    ['GMP_DATABASE_URL', 'database', 'postgres://... in place of a file'],
    [
      'GMP_DATABASE_SCHEMA',
      'postgres.schema',
      "PostgreSQL schema of the tables, made when missing (the search path's)",
    ],
    ['GMP_API_TOKEN', 'adminToken', "the operator's token; made at the first start when absent"],
    ['GMP_METRICS_TOKEN', 'metricsToken', 'token that reads metrics and nothing else'],
    ['GMP_METRICS_LISTEN', 'metricsListen', 'host:port that serves metrics only'],
    [
      'GMP_TRUSTED_PROXY_HEADER',
      'trustedProxyHeader',
      'header in which trusted proxies name the client: x-forwarded-for or forwarded (x-forwarded-for)',
    ],
    [
      'GMP_PUBLIC_URL',
      'mixins.large-attachments.publicUrl',
      'address under which people reach this server, for links in mails (none)',
    ],
    ['GMP_LOG_LEVEL', 'logLevel', 'debug, info, warn, error or silent (info)'],
    ['GMP_COMPAT_TENANT_KEYS', 'genro.tenantKeys', "own or admin: what a tenant's key opens in such calls (own)"],
    ['GMP_COMPAT', 'compat', 'genro: serve the calls of genro-mail-proxy, too (none)'],
    ['GMP_DASHBOARD', 'dashboard', 'on or off: whether the dashboard is served at / (on)'],
    ['GMP_EDITION', 'edition', 'auto, community or enterprise (auto)'],
    ['GMP_INSTANCE_NAME', 'instanceName', 'name of this instance (mail-proxy)'],
    ['GMP_EHLO_NAME', 'delivery.ehloName', "name given with EHLO (the machine's)"],
    ['GMP_RETRY_PRESET', 'retry.preset', 'original: 60, 300, 900, 3600 and 7200 seconds, then given up (none)'],
    ['GMP_ATTACHMENT_SPOOL_DIR', 'attachments.spoolDir', "folder for files on their way (the system's)"],
    ['GMP_ENCRYPTION_KEY', 'encryptionKey', 'base64 of the 32 bytes that seal secrets at rest'],
    ['MAIL_PROXY_ENCRYPTION_KEY', 'encryptionKey', 'the same under its older name'],
    ['GMP_ENCRYPTION_KEY_FILE', 'encryptionKeyFile', 'file of keys, one a line, made when missing (<database>.key)'],
    ['GMP_CACHE_DISK_DIR', 'cache.diskDir', 'folder that keeps large attachments for a while (none)'],
  ]),
  ...variables(asContentOf, [
    ['GMP_API_TOKEN_FILE', 'adminToken', "file that holds the operator's token"],
    ['GMP_METRICS_TOKEN_FILE', 'metricsToken', 'file that holds the token for metrics'],
    ['GMP_DATABASE_URL_FILE', 'database', 'file that holds postgres://...'],
    ['GMP_PEC_TRUST_ANCHORS_FILE', 'mixins.pec.trustAnchors', 'PEM file of who may sign receipts of PEC (none)'],
  ]),
  ...variables(asNumber, [
    ['GMP_PORT', 'port', 'port to listen on, 0 for any free one (8000)'],
    ['GMP_MAX_BODY_BYTES', 'maxBodyBytes', "bytes of a request's body (12582912)"],
    ['GMP_PUBLIC_MAX_OPEN', 'publicRoutes.maxOpen', 'downloads by links in mails at the same time (200)'],
    ['GMP_PUBLIC_MAX_OPEN_PER_CLIENT', 'publicRoutes.maxOpenPerClient', 'of those, by one address (20)'],
    ['GMP_DRAIN_MS', 'drainMs', 'how long a stop goes on serving while it says that it is not ready (0)'],
    [
      'GMP_COMPAT_SEND_DELAY_MS',
      'compatSendDelayMs',
      'how long messages of such calls wait before they are sent (500)',
    ],
    ['GMP_MAX_PENDING', 'limits.maxPending', 'messages of a tenant that may wait (no limit)'],
    ['GMP_MAX_PENDING_BYTES', 'limits.maxBytes', 'bytes of a tenant that may wait, attachments included (no limit)'],
    ['GMP_MIN_FREE_MB', 'limits.minFreeMb', 'MiB that stay free on the disk of a file database (32)'],
    ['GMP_MAX_REQUESTS', 'limits.maxRequests', 'requests being handled at the same time (500)'],
    ['GMP_MAX_CLIENT_CONNECTIONS', 'maxClientConnections', 'connections of clients; more are closed at once (4000)'],
    ['GMP_MAX_REQUESTS_MB', 'limits.maxRequestsMb', 'MiB that their bodies hold in memory together (64)'],
    [
      'GMP_WRONG_TOKENS_PER_MINUTE',
      'limits.wrongTokensPerMinute',
      'wrong tokens of an address, after which none of its tokens is looked at for a while (20)',
    ],
    ['GMP_RETENTION_IDS_DAYS', 'retention.idsDays', 'days for which the id of a removed message stays taken (90)'],
    ['GMP_MAX_SENDS', 'delivery.maxSends', 'messages being sent at the same time (50)'],
    ['GMP_MAX_CONNECTIONS', 'delivery.maxConnections', 'connections to relays, over all accounts (500)'],
    ['GMP_MAX_CONNECTIONS_PER_HOST', 'delivery.maxConnectionsPerHost', 'of those, to one host and port (100)'],
    ['GMP_ACCOUNT_PAUSE_MS', 'delivery.accountPauseMs', 'first pause of an account whose login fails (300000)'],
    ['GMP_ACCOUNT_PAUSE_MAX_MS', 'delivery.accountPauseMaxMs', 'longest pause, reached by doubling (3600000)'],
    ['GMP_EXPIRY_SWEEP_MS', 'delivery.expirySweepMs', 'how often expired messages are looked for (5000)'],
    ['GMP_STOP_DEADLINE_MS', 'delivery.stopDeadlineMs', 'how long running sends may finish at the end (10000)'],
    ['GMP_RETRY_BASE_MS', 'retry.baseMs', 'delay before the second attempt (60000)'],
    ['GMP_RETRY_MAX_MS', 'retry.maxDelayMs', 'longest delay between attempts (14400000)'],
    ['GMP_RETRY_FACTOR', 'retry.factor', 'how much longer each delay is than the one before (2)'],
    ['GMP_RETRY_MAX_ATTEMPTS', 'retry.maxAttempts', 'attempts in all (no limit but the age)'],
    ['GMP_ATTACHMENT_MAX_BYTES', 'attachments.maxBytes', 'bytes of one attachment (26214400)'],
    [
      'GMP_ATTACHMENT_MESSAGE_MAX_BYTES',
      'attachments.maxMessageBytes',
      'bytes of all attachments of a message (52428800)',
    ],
    ['GMP_ATTACHMENT_CONCURRENCY', 'attachments.concurrency', 'messages that fetch attachments at the same time (20)'],
    ['GMP_REPORT_MAX_BATCH', 'reports.maxBatch', 'events in one report (1000)'],
    ['GMP_REPORT_MAX_BYTES', 'reports.maxBytes', 'bytes of one report (524288)'],
    ['GMP_REPORT_CONCURRENCY', 'reports.concurrency', 'tenants called at the same time (10)'],
    ['GMP_REPORT_MAX_WAITING', 'reports.maxWaiting', 'calls of one tenant that wait for events (10)'],
    ['GMP_SMTP_CONNECT_TIMEOUT_MS', 'delivery.connectMs', 'time for the connection (30000)'],
    ['GMP_SMTP_GREETING_TIMEOUT_MS', 'delivery.greetingMs', 'time for the greeting (300000)'],
    ['GMP_SMTP_COMMAND_TIMEOUT_MS', 'delivery.commandMs', 'time for a reply (300000)'],
    ['GMP_SMTP_DATA_TIMEOUT_MS', 'delivery.dataMs', 'time for the reply to DATA (120000)'],
    ['GMP_SMTP_BLOCK_TIMEOUT_MS', 'delivery.blockMs', 'time for a block of content to leave (180000)'],
    ['GMP_SMTP_DOT_TIMEOUT_MS', 'delivery.dotMs', 'time for the reply to the final dot (600000)'],
    ['GMP_METRICS_MAX_ACCOUNTS', 'metrics.maxAccounts', 'accounts that metrics count each for itself (1000)'],
    ['GMP_SANDBOX_MAX_MESSAGES', 'sandbox.maxMessages', 'captured mails of a tenant that are kept (1000)'],
    ['GMP_SANDBOX_MAX_BYTES', 'sandbox.maxBytes', 'bytes of captured mails of a tenant that are kept (104857600)'],
    ['GMP_SANDBOX_MAX_MESSAGE_BYTES', 'delivery.sandboxMaxBytes', 'bytes of a message that a sandbox takes (36700160)'],
    ['GMP_CACHE_MEMORY_MAX_MB', 'cache.memoryMaxMb', 'MiB of attachments kept in memory (50)'],
    ['GMP_CACHE_MEMORY_TTL_SECONDS', 'cache.memoryTtlSeconds', 'seconds for which they are kept (300)'],
    ['GMP_CACHE_DISK_MAX_MB', 'cache.diskMaxMb', 'MiB of attachments kept on disk (500)'],
    ['GMP_CACHE_DISK_TTL_SECONDS', 'cache.diskTtlSeconds', 'seconds for which they are kept (3600)'],
    ['GMP_CACHE_DISK_THRESHOLD_KB', 'cache.diskThresholdKb', 'KiB above which they go to disk (100)'],
  ]),
  ...variables(asPeriod, [
    ['GMP_RETENTION_CONTENT', 'retention.content', 'days that the content of finished messages is kept (30)'],
    ['GMP_RETENTION_METADATA', 'retention.metadata', 'days that finished messages are kept (90)'],
    ['GMP_RETENTION_EVENTS', 'retention.events', 'days that acknowledged events are kept (90)'],
    ['GMP_RETENTION_AUDIT', 'retention.audit', 'days that the log of commands is kept (365)'],
    ['GMP_SANDBOX_KEEP', 'sandbox.keep', 'days that captured mail is kept (7)'],
  ]),
  ...variables(asSeconds, [
    ['GMP_ATTACHMENT_TIMEOUT', 'attachments.timeoutMs', 'seconds for fetching one attachment (30)'],
    [
      'GMP_ATTACHMENT_MESSAGE_TIMEOUT',
      'attachments.messageTimeoutMs',
      'seconds for fetching all attachments of a message (120)',
    ],
    ['GMP_IDEMPOTENCY_SECONDS', 'limits.idempotencyMs', 'seconds for which a repeated request is known (86400)'],
    ['GMP_SYNC_INTERVAL', 'reports.intervalMs', 'seconds after which a tenant with no news is called (300)'],
    ['GMP_REPORT_TIMEOUT', 'reports.timeoutMs', 'seconds for one report call (30)'],
    ['GMP_REPORT_MAX_AGE_SECONDS', 'reports.maxAgeMs', 'age at which an event that is not taken is given up (604800)'],
    ['GMP_RETRY_MAX_AGE_SECONDS', 'retry.maxAgeMs', 'age at which a message is given up (345600)'],
  ]),
  ...variables(asBoolean, [
    ['GMP_METRICS_TENANT_LABELS', 'metrics.tenantLabels', 'tell the tenant with the counters of accounts (true)'],
    ['GMP_CONTENT_ENCRYPTION', 'contentEncryption', 'seal what messages say and have attached, too (false)'],
    ['GMP_COMPAT_OPEN_METRICS', 'genro.openMetrics', 'let anybody read metrics, with such calls (false)'],
    ['GMP_REPORT_REQUIRE_OK', 'reports.requireOk', 'only an answer with ok: true acknowledges a report (true)'],
    ['GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS', 'outgoing.allowPrivateNetworks', 'call private addresses too (false)'],
  ]),
  ...variables(asTextList, [
    [
      'GMP_ATTACHMENT_ROOTS',
      'attachments.roots',
      'folders with files to attach, between commas; {tenant} stands for the id of the tenant (none)',
    ],
    [
      'GMP_STORAGE_FILE_ROOTS',
      'mixins.storages.fileRoots',
      'folders below which file:/// puts objects, between commas; {tenant} as above (none)',
    ],
    [
      'GMP_ENCRYPTION_KEYS_PREVIOUS',
      'encryptionKeysPrevious',
      'further keys between commas, which open and do not seal (none)',
    ],
    [
      'GMP_TRUSTED_PROXIES',
      'trustedProxies',
      'addresses and ranges of proxies that say where a request came from, between commas (none)',
    ],
    ['GMP_OUTGOING_ALLOWED_HOSTS', 'outgoing.allowedHosts', 'hosts to call wherever they are, between commas (none)'],
  ]),
  ...variables(asCommand, [
    [
      'GMP_ENCRYPTION_KEY_COMMAND',
      'encryptionKeyCommand',
      'program that writes such a file to its output, with its arguments (none)',
    ],
  ]),
  ...variables(asSecondsList, [
    ['GMP_RETRY_DELAYS_SECONDS', 'retry.delaysMs', 'a list of delays, as 60,600,3600, then given up (none)'],
  ]),
];

/** Known, and read elsewhere: the file itself, and where the command line finds the server. */
export const OTHER_VARIABLES: readonly string[] = ['GMP_CONFIG_FILE', 'GMP_URL'];
