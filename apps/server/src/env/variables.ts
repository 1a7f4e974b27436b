// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';

/** One environment variable: which key of the configuration it sets, and how its text is read. */
export interface Variable {
  readonly name: string;
  /** What it means, in a line of Markdown without links: for the help, and for the reference, which may go on from it. */
  readonly summary: string;
  /** What holds where it is not given, in Markdown, where the schema has no value for that; null for nothing. */
  readonly otherwise: string | null;
  readonly key: readonly string[];
  /** @throws Error with Node's code, where the text names a file that cannot be read */
  readonly read: (text: string) => unknown;
  /** The text that is read as this value. */
  readonly write: (value: unknown) => string;
  /** What the file and code take in place of this text; null for the same. */
  readonly inFile: string | null;
}

const asText = (text: string): unknown => text;

/** Text that is no number stays text, so that the schema says what it expected. */
const asNumber = (text: string): unknown => (/^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text);

const asSeconds = (text: string): unknown => {
  const seconds = asNumber(text);
  return typeof seconds === 'number' ? seconds * 1_000 : seconds;
};

const inSeconds = (value: unknown): string =>
  [value]
    .flat()
    .map((ms) => String(Number(ms) / 1_000))
    .join(',');

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

type Reading = Pick<Variable, 'read'> & Partial<Pick<Variable, 'write' | 'inFile'>>;

const variables = (
  { read, write = String, inFile = null }: Reading,
  rows: readonly (readonly [name: string, key: string, summary: string, otherwise?: string])[],
): readonly Variable[] =>
  rows.map(([name, key, summary, otherwise = null]) => ({
    ...{ name, summary, otherwise, key: key.split('.') },
    ...{ read, write, inFile },
  }));

/** Every variable that the server reads; where two set one key, only one of them may be given. */
export const VARIABLES: readonly Variable[] = [
  ...variables({ read: asText }, [
    ['GMP_HOST', 'host', 'address to listen on; beyond loopback only with `GMP_API_TOKEN`'],
    ['GMP_DATA_DIR', 'dataDir', 'folder of the database, the token and the key'],
    ['GMP_DB_PATH', 'database', 'SQLite file', '`<data>/mail-proxy.db`'],
    ['GMP_DATABASE_URL', 'database', '`postgres://...`, in place of SQLite; several servers may share it'],
    [
      'GMP_DATABASE_SCHEMA',
      'postgres.schema',
      'schema of the tables in PostgreSQL, made when missing',
      'that of the search path',
    ],
    ['GMP_API_TOKEN', 'adminToken', "the operator's token", 'made at first start, kept in `<data>/token`'],
    ['GMP_METRICS_TOKEN', 'metricsToken', 'token that reads metrics and nothing else'],
    [
      'GMP_METRICS_LISTEN',
      'metricsListen',
      '`host:port` of another listener, for metrics only; on loopback without a token',
    ],
    [
      'GMP_TRUSTED_PROXY_HEADER',
      'trustedProxyHeader',
      'header in which trusted proxies name the client: `x-forwarded-for` or `forwarded`',
    ],
    [
      'GMP_PUBLIC_URL',
      'mixins.large-attachments.publicUrl',
      'where people reach this server, as `https://mail.example.com`: links in mails begin with it',
    ],
    [
      'GMP_LOG_LEVEL',
      'logLevel',
      'least important level that is logged: `debug`, `info`, `warn`, `error`, or `silent`',
    ],
    [
      'GMP_COMPAT_TENANT_KEYS',
      'genro.tenantKeys',
      "`own`, or `admin`: in calls of genro-mail-proxy a tenant's key may do all that the operator may",
    ],
    ['GMP_COMPAT', 'compat', '`genro`: serve the calls of genro-mail-proxy, too'],
    ['GMP_DASHBOARD', 'dashboard', '`on` or `off`: whether the dashboard is served at `/`'],
    ['GMP_EDITION', 'edition', '`auto`, `community` or `enterprise`'],
    ['GMP_INSTANCE_NAME', 'instanceName', 'name of this server in its sessions'],
    ['GMP_EHLO_NAME', 'delivery.ehloName', 'name given to relays', "the machine's name"],
    ['GMP_RETRY_PRESET', 'retry.preset', '`original`: 60, 300, 900, 3600 and 7200 seconds, then given up'],
    [
      'GMP_ATTACHMENT_SPOOL_DIR',
      'attachments.spoolDir',
      'folder for attachments larger than 256 KiB, on their way to the database',
      'that of the system',
    ],
    ['GMP_ENCRYPTION_KEY', 'encryptionKey', 'base64 of the 32 bytes that seal passwords at rest'],
    ['MAIL_PROXY_ENCRYPTION_KEY', 'encryptionKey', 'the same under its older name'],
    [
      'GMP_ENCRYPTION_KEY_FILE',
      'encryptionKeyFile',
      'file of keys, one a line, made when missing',
      '`<database>.key`; with PostgreSQL `<data>/encryption.key`',
    ],
    ['GMP_CACHE_DISK_DIR', 'cache.diskDir', 'folder that keeps larger attachments for a while, made when missing'],
  ]),
  ...variables({ read: asContentOf, inFile: 'what it holds' }, [
    ['GMP_API_TOKEN_FILE', 'adminToken', "file that holds the operator's token, in place of the variable"],
    ['GMP_METRICS_TOKEN_FILE', 'metricsToken', 'file that holds the token for metrics, in place of the variable'],
    ['GMP_DATABASE_URL_FILE', 'database', 'file that holds `postgres://...`, in place of the variable'],
    [
      'GMP_PEC_TRUST_ANCHORS_FILE',
      'mixins.pec.trustAnchors',
      'PEM file of certificates: whose receipts of certified mail are believed, for all tenants',
    ],
  ]),
  ...variables({ read: asNumber }, [
    ['GMP_PORT', 'port', 'port to listen on; `0` takes a free one'],
    ['GMP_MAX_BODY_BYTES', 'maxBodyBytes', 'bytes of the largest request body'],
    ['GMP_PUBLIC_MAX_OPEN', 'publicRoutes.maxOpen', 'downloads by links in mails at the same time'],
    ['GMP_PUBLIC_MAX_OPEN_PER_CLIENT', 'publicRoutes.maxOpenPerClient', 'of those, to one address'],
    ['GMP_DRAIN_MS', 'drainMs', 'how long a stop goes on serving while `/readyz` says 503'],
    [
      'GMP_COMPAT_SEND_DELAY_MS',
      'compatSendDelayMs',
      'how long a message that came by a call of genro-mail-proxy waits before it is sent',
    ],
    ['GMP_MAX_PENDING', 'limits.maxPending', 'messages of a tenant that may wait', 'no limit'],
    [
      'GMP_MAX_PENDING_BYTES',
      'limits.maxBytes',
      'bytes of the messages of a tenant that may wait, attachments included',
      'no limit',
    ],
    ['GMP_MIN_FREE_MB', 'limits.minFreeMb', 'MiB that stay free on the disk of a database in a file'],
    ['GMP_MAX_REQUESTS', 'limits.maxRequests', 'requests being handled at the same time'],
    [
      'GMP_MAX_CLIENT_CONNECTIONS',
      'maxClientConnections',
      'connections of clients at the same time; more are closed at once',
    ],
    ['GMP_MAX_REQUESTS_MB', 'limits.maxRequestsMb', 'MiB that the bodies of requests hold in memory together'],
    [
      'GMP_WRONG_TOKENS_PER_MINUTE',
      'limits.wrongTokensPerMinute',
      'wrong tokens that an address may send; then none of its tokens is looked at for a while',
    ],
    [
      'GMP_RETENTION_IDS_DAYS',
      'retention.idsDays',
      'days for which the id of a removed message stays taken; 90 at least',
    ],
    ['GMP_MAX_SENDS', 'delivery.maxSends', 'messages being sent at once, over all accounts'],
    ['GMP_MAX_CONNECTIONS', 'delivery.maxConnections', 'connections to relays open at once, over all accounts'],
    ['GMP_MAX_CONNECTIONS_PER_HOST', 'delivery.maxConnectionsPerHost', 'of those, to one host and port'],
    [
      'GMP_ACCOUNT_PAUSE_MS',
      'delivery.accountPauseMs',
      'how long an account whose credentials or TLS failed is left alone the first time',
    ],
    ['GMP_ACCOUNT_PAUSE_MAX_MS', 'delivery.accountPauseMaxMs', 'longest such pause'],
    ['GMP_EXPIRY_SWEEP_MS', 'delivery.expirySweepMs', 'how often messages past their end are looked for'],
    ['GMP_STOP_DEADLINE_MS', 'delivery.stopDeadlineMs', 'how long a stop lets running sends finish'],
    ['GMP_RETRY_BASE_MS', 'retry.baseMs', 'ceiling of the first delay before a message is tried again'],
    ['GMP_RETRY_MAX_MS', 'retry.maxDelayMs', 'highest ceiling'],
    ['GMP_RETRY_FACTOR', 'retry.factor', 'growth of the ceiling'],
    [
      'GMP_RETRY_MAX_ATTEMPTS',
      'retry.maxAttempts',
      'attempts in all, the first counted in; a retry by hand begins anew',
    ],
    ['GMP_ATTACHMENT_MAX_BYTES', 'attachments.maxBytes', 'bytes of the largest attachment'],
    [
      'GMP_ATTACHMENT_MESSAGE_MAX_BYTES',
      'attachments.maxMessageBytes',
      'bytes of all attachments of a message together',
    ],
    ['GMP_ATTACHMENT_CONCURRENCY', 'attachments.concurrency', 'messages that fetch attachments at once'],
    ['GMP_REPORT_MAX_BATCH', 'reports.maxBatch', 'events in one report call'],
    [
      'GMP_REPORT_MAX_BYTES',
      'reports.maxBytes',
      'bytes of the body of a report call; a single event that is larger goes alone',
    ],
    ['GMP_REPORT_CONCURRENCY', 'reports.concurrency', 'report calls at once, each to another tenant'],
    [
      'GMP_REPORT_MAX_WAITING',
      'reports.maxWaiting',
      'calls of `GET /v1/events?wait=` that wait at once, of one tenant',
    ],
    ['GMP_SMTP_CONNECT_TIMEOUT_MS', 'delivery.connectMs', 'time to open a connection to a relay'],
    ['GMP_SMTP_GREETING_TIMEOUT_MS', 'delivery.greetingMs', "time for the relay's greeting"],
    ['GMP_SMTP_COMMAND_TIMEOUT_MS', 'delivery.commandMs', 'time for the reply to a command'],
    ['GMP_SMTP_DATA_TIMEOUT_MS', 'delivery.dataMs', 'time for the reply to DATA'],
    ['GMP_SMTP_BLOCK_TIMEOUT_MS', 'delivery.blockMs', 'time for the relay to take a piece of the body'],
    ['GMP_SMTP_DOT_TIMEOUT_MS', 'delivery.dotMs', 'time for the reply to the whole message'],
    [
      'GMP_METRICS_MAX_ACCOUNTS',
      'metrics.maxAccounts',
      'accounts that metrics count each for itself; the others share one series',
    ],
    [
      'GMP_SANDBOX_MAX_MESSAGES',
      'sandbox.maxMessages',
      'captured mails of a tenant that are kept; the oldest go first',
    ],
    ['GMP_SANDBOX_MAX_BYTES', 'sandbox.maxBytes', 'bytes of captured mails of a tenant that are kept'],
    [
      'GMP_SANDBOX_MAX_MESSAGE_BYTES',
      'delivery.sandboxMaxBytes',
      'bytes of a message that a sandbox takes; a larger one is refused with 552',
    ],
    ['GMP_CACHE_MEMORY_MAX_MB', 'cache.memoryMaxMb', 'MiB of attachments kept in memory'],
    ['GMP_CACHE_MEMORY_TTL_SECONDS', 'cache.memoryTtlSeconds', 'seconds for which they are kept there'],
    ['GMP_CACHE_DISK_MAX_MB', 'cache.diskMaxMb', 'MiB of attachments kept on disk'],
    ['GMP_CACHE_DISK_TTL_SECONDS', 'cache.diskTtlSeconds', 'seconds for which they are kept there'],
    [
      'GMP_CACHE_DISK_THRESHOLD_KB',
      'cache.diskThresholdKb',
      'KiB up to which an attachment goes to memory, and above which to disk',
    ],
  ]),
  ...variables({ read: asPeriod }, [
    [
      'GMP_RETENTION_CONTENT',
      'retention.content',
      'days that the content of finished messages is kept, and their attachments',
    ],
    [
      'GMP_RETENTION_METADATA',
      'retention.metadata',
      'days that finished messages, their recipients and events are kept',
    ],
    ['GMP_RETENTION_EVENTS', 'retention.events', 'days that events are kept, once they were acknowledged'],
    ['GMP_RETENTION_AUDIT', 'retention.audit', 'days that the log of commands is kept'],
    ['GMP_SANDBOX_KEEP', 'sandbox.keep', 'days that captured mails are kept'],
  ]),
  ...variables({ read: asSeconds, write: inSeconds, inFile: 'ms' }, [
    ['GMP_ATTACHMENT_TIMEOUT', 'attachments.timeoutMs', 'seconds for fetching one attachment'],
    [
      'GMP_ATTACHMENT_MESSAGE_TIMEOUT',
      'attachments.messageTimeoutMs',
      'seconds for fetching the attachments of a message',
    ],
    [
      'GMP_IDEMPOTENCY_SECONDS',
      'limits.idempotencyMs',
      'how long the answer to a request with an `Idempotency-Key` is kept',
    ],
    ['GMP_SYNC_INTERVAL', 'reports.intervalMs', 'seconds after which a tenant is called without news'],
    ['GMP_REPORT_TIMEOUT', 'reports.timeoutMs', 'seconds for one report call'],
    ['GMP_REPORT_MAX_AGE_SECONDS', 'reports.maxAgeMs', 'events that a tenant does not take for so long are given up'],
    [
      'GMP_RETRY_MAX_AGE_SECONDS',
      'retry.maxAgeMs',
      'a message that still fails so long after it was accepted is given up',
    ],
  ]),
  ...variables({ read: asBoolean }, [
    ['GMP_METRICS_TENANT_LABELS', 'metrics.tenantLabels', 'whether the counters of accounts tell the tenant'],
    ['GMP_CONTENT_ENCRYPTION', 'contentEncryption', 'seal what messages say and have attached, too'],
    [
      'GMP_COMPAT_OPEN_METRICS',
      'genro.openMetrics',
      'whether anybody may read `/metrics` where calls of genro-mail-proxy are served',
    ],
    ['GMP_REPORT_REQUIRE_OK', 'reports.requireOk', 'whether only an answer with `ok: true` acknowledges a report'],
    [
      'GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS',
      'outgoing.allowPrivateNetworks',
      '`true`: private, loopback and link-local addresses may be called',
    ],
  ]),
  ...variables({ read: asTextList, inFile: 'a list' }, [
    [
      'GMP_ATTACHMENT_ROOTS',
      'attachments.roots',
      "folders, between commas, whose files may be attached; `{tenant}` stands for the tenant's id",
    ],
    [
      'GMP_STORAGE_FILE_ROOTS',
      'mixins.storages.fileRoots',
      "folders, between commas, below which `file:///` puts objects; `{tenant}` is the tenant's id",
    ],
    [
      'GMP_ENCRYPTION_KEYS_PREVIOUS',
      'encryptionKeysPrevious',
      'further keys between commas: they open, and seal nothing any more, or not yet',
    ],
    [
      'GMP_TRUSTED_PROXIES',
      'trustedProxies',
      'addresses and ranges, between commas, of proxies that say where a request came from',
    ],
    [
      'GMP_OUTGOING_ALLOWED_HOSTS',
      'outgoing.allowedHosts',
      'names and addresses, between commas, that may be called wherever they are',
    ],
  ]),
  ...variables({ read: asCommand, inFile: 'a list' }, [
    [
      'GMP_ENCRYPTION_KEY_COMMAND',
      'encryptionKeyCommand',
      'program that writes a file of keys to its output, with its arguments',
    ],
  ]),
  ...variables({ read: asSecondsList, write: inSeconds, inFile: 'a list, ms' }, [
    [
      'GMP_RETRY_DELAYS_SECONDS',
      'retry.delaysMs',
      'a list in place of base and factor, as `60,600,3600`, after which the message is given up',
    ],
  ]),
];

/** Where the command line finds the server; no setting of one. */
const COMMAND_LINE_VARIABLE = 'GMP_URL';
/** The file with settings. */
export const FILE_VARIABLE = 'GMP_CONFIG_FILE';
/** Known, and read elsewhere. */
export const OTHER_VARIABLES: readonly string[] = [FILE_VARIABLE, COMMAND_LINE_VARIABLE];
