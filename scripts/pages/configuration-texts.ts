// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { serverConfigSchema } from '../../apps/server/src/env/config-schema.ts';
import { FILE_VARIABLE } from '../../apps/server/src/env/variables.ts';
import { DEFAULT_PRIORITY } from '../../packages/core/src/entities/message/message-draft.ts';
import { engineConfigSchema } from '../../packages/core/src/index.ts';
import type { Block, SettingText } from './configuration-page.ts';

/** What the help says of the variable, and what the page adds to it. */
const asHelp = (more = ''): SettingText => ({ meaning: more, isAfterHelp: true });

const says = (meaning: string, otherwise?: string): SettingText =>
  otherwise === undefined ? { meaning } : { meaning, otherwise };

const OF_SERVER = Object.keys(serverConfigSchema.entries).filter((key) => !(key in engineConfigSchema.entries));

/** The page from its top to its end: prose, and the settings of each table in their order. */
export const BLOCKS: readonly Block[] = [
  `# Configuration

The server reads environment variables. The last column has the keys of the [file](#server) with settings, which are also those
of the \`config\` that embedding code passes to \`createMailEngine\` (\`packages/core/src/config/engine-config.ts\`). These are the server's
alone, and no engine takes them:
${OF_SERVER.map((key) => `\`${key}\``).join(', ')}.

In the file \`retry.factor\` is \`{"retry": {"factor": 2}}\`. Times are milliseconds unless a name says otherwise. An unknown \`GMP_\`
variable is an error, so that a mistyped one does not go unnoticed.

This page is made of the code: names, keys and defaults are those of the server.

## Server`,
  {
    GMP_HOST: asHelp(),
    GMP_PORT: asHelp(),
    GMP_DATA_DIR: asHelp(),
    GMP_API_TOKEN: asHelp('; [others](../guide/keys-and-tenants.md#tokens-of-the-operator) can be made besides'),
    GMP_API_TOKEN_FILE: asHelp(),
    GMP_METRICS_TOKEN: asHelp(),
    GMP_METRICS_TOKEN_FILE: asHelp(),
    GMP_METRICS_LISTEN: asHelp(),
    GMP_METRICS_TENANT_LABELS: asHelp(' ([how many series](../guide/monitoring.md#how-many-series))'),
    GMP_METRICS_MAX_ACCOUNTS: asHelp(),
    GMP_LOG_LEVEL: asHelp(),
    GMP_MAX_BODY_BYTES: asHelp(),
    GMP_PUBLIC_MAX_OPEN: says(
      'answers under way on paths that mixins serve without a token, such as downloads by links in mails; who comes beyond that is told to come again',
    ),
    GMP_PUBLIC_MAX_OPEN_PER_CLIENT: asHelp(
      '; behind a proxy that is not in `GMP_TRUSTED_PROXIES` all clients have its address',
    ),
    GMP_WRONG_TOKENS_PER_MINUTE: asHelp(', but for those that were right there before'),
    GMP_DRAIN_MS: asHelp(', so that a load balancer sends elsewhere first; at most a minute'),
    GMP_TRUSTED_PROXIES: asHelp('; others are not believed ([why](../guide/keys-and-tenants.md#behind-a-proxy))'),
    GMP_TRUSTED_PROXY_HEADER: asHelp('; the other one is never read'),
    [FILE_VARIABLE]: says('a JSON file; its keys are those of the last column; a variable wins over it'),
    GMP_COMPAT: asHelp(
      ', and be as it was where nothing else is said: [Moving from genro-mail-proxy](../guide/moving-from-genro.md)',
    ),
    GMP_COMPAT_SEND_DELAY_MS: asHelp(', so that it may be suspended; at most a minute'),
    GMP_DASHBOARD: says('`off` does not serve the [dashboard](../guide/dashboard.md); `/` then leads to `/docs`'),
    GMP_EDITION: says(
      '`auto`: enterprise where the package is installed; `community`; `enterprise`: refuse to start without it',
    ),
  },
  'With `GMP_COMPAT=genro` these, too; the [variables of genro-mail-proxy](../guide/moving-from-genro.md#variables) set them:',
  {
    GMP_COMPAT_OPEN_METRICS: asHelp(),
    GMP_COMPAT_TENANT_KEYS: asHelp(),
    'genro.defaultPriority': says(
      'priority of messages that name none, where the call names none either',
      `\`${DEFAULT_PRIORITY}\``,
    ),
    'genro.clientSync': says(
      '`url` and `token`, or `user` and `password`: who is told of tenants that name no endpoint',
    ),
    'genro.bounces': says('the mailbox of bounces, with the fields of `PUT /instance`, until there is one'),
  },
  `## Mixins

Each mixin checks its own settings; those of one that is not here are said in the log. Code that embeds the engine gives them as \`mixinConfig\`.`,
  {
    mixins: says('settings by the id of the mixin, in the file: `{"mixins": {"imap": {"maxConnections": 50}}}`'),
    GMP_PUBLIC_URL: asHelp(', where the tenant has no address of its own'),
    GMP_STORAGE_FILE_ROOTS: asHelp(
      '. Objects are such as [large attachments](../guide/attachments.md#storages-of-the-operator)',
    ),
    GMP_PEC_TRUST_ANCHORS_FILE: asHelp(' ([trust anchors](../guide/pec.md#trust-anchors))'),
  },
  '## Storage and secrets',
  {
    GMP_DB_PATH: asHelp(),
    GMP_DATABASE_URL: asHelp(),
    GMP_DATABASE_URL_FILE: asHelp(),
    GMP_INSTANCE_NAME: asHelp(),
    GMP_ENCRYPTION_KEY: asHelp(),
    MAIL_PROXY_ENCRYPTION_KEY: asHelp(),
    GMP_ENCRYPTION_KEY_FILE: asHelp(' with mode 0600; the first seals and all open'),
    GMP_ENCRYPTION_KEY_COMMAND: asHelp(': words between blanks, or a JSON list. Run without a shell, within 10 s'),
    GMP_ENCRYPTION_KEYS_PREVIOUS: asHelp(),
    GMP_CONTENT_ENCRYPTION: asHelp(': [Encryption](../guide/encryption.md#what-messages-say)'),
    GMP_DATABASE_SCHEMA: asHelp(),
    'postgres.connectMs': says('time for a connection to PostgreSQL, the wait for a free one counted in'),
    'postgres.statementMs': says(
      'time for a statement there, a third of it for a lock; a server that says nothing for 5 s more is cut off',
    ),
    'postgres.maxConnections': says('connections to PostgreSQL, one of which writes'),
  },
  `All servers of a PostgreSQL database need the same keys: give them to each
([several instances](../guide/several-instances.md)). How keys are changed stands in [Encryption](../guide/encryption.md). Whoever has both the
database and the key can read the passwords: back them up apart. Without the key they are lost.

## Delivery`,
  {
    GMP_MAX_SENDS: asHelp(),
    GMP_MAX_CONNECTIONS: asHelp(),
    GMP_MAX_CONNECTIONS_PER_HOST: asHelp(),
    GMP_ACCOUNT_PAUSE_MS: asHelp('; doubled with each probe that fails'),
    GMP_ACCOUNT_PAUSE_MAX_MS: asHelp(),
    GMP_EXPIRY_SWEEP_MS: asHelp(),
    GMP_EHLO_NAME: asHelp(),
    GMP_STOP_DEADLINE_MS: asHelp(),
    GMP_SMTP_CONNECT_TIMEOUT_MS: asHelp(),
    GMP_SMTP_GREETING_TIMEOUT_MS: asHelp(),
    GMP_SMTP_COMMAND_TIMEOUT_MS: asHelp(),
    GMP_SMTP_DATA_TIMEOUT_MS: asHelp(),
    GMP_SMTP_BLOCK_TIMEOUT_MS: asHelp(),
    GMP_SMTP_DOT_TIMEOUT_MS: asHelp(),
    'delivery.reservedImmediate': says('of `maxSends`, kept free for immediate messages'),
    'delivery.priorityStepMs': says('how much later each lower priority is placed in line'),
    'delivery.leaseMs': says('a session without a heartbeat for so long sends nothing more'),
    'delivery.idleMs': says('idle connections are closed after this'),
    'delivery.maxAgeMs': says('connections are renewed after this'),
  },
  `All time-outs but the one for connecting are those of RFC 5321 §4.5.3.2. How many connections a relay gets, and how many
messages each of them carries, is set per account: \`max_connections\` (10), \`max_messages_per_connection\` (1000).

## Retries

A random time below \`base × factor^n\`, at most the maximum, where \`n\` counts the failed attempts from 0; or a list of delays,
one after the other, each with up to a tenth on top. Tenants and accounts may have [their own](../guide/limits-and-pauses.md#when-it-is-tried-again).`,
  {
    GMP_RETRY_BASE_MS: asHelp(),
    GMP_RETRY_FACTOR: asHelp(),
    GMP_RETRY_MAX_MS: asHelp(),
    GMP_RETRY_DELAYS_SECONDS: asHelp(),
    GMP_RETRY_MAX_ATTEMPTS: asHelp(),
    GMP_RETRY_PRESET: asHelp(
      '; not together with base, factor or a list. It holds with `GMP_COMPAT=genro`, unless another one of these is given',
    ),
    GMP_RETRY_MAX_AGE_SECONDS: asHelp(),
  },
  '## Reports and limits',
  {
    GMP_SYNC_INTERVAL: asHelp(),
    GMP_REPORT_TIMEOUT: asHelp(),
    GMP_REPORT_MAX_BATCH: asHelp(),
    GMP_REPORT_MAX_BYTES: asHelp(),
    GMP_REPORT_CONCURRENCY: asHelp(
      '; those that take more than a quarter of a second go on beside them, four times as many at most',
    ),
    GMP_REPORT_MAX_AGE_SECONDS: asHelp(),
    GMP_REPORT_REQUIRE_OK: asHelp('; else every one of success does that does not say `ok: false`'),
    GMP_REPORT_MAX_WAITING: asHelp(),
    'limits.maxBatch': says('messages in one batch'),
    'limits.maxRecipients': says('recipients of one message'),
    GMP_MAX_PENDING: asHelp(
      "; a tenant's own `max_pending` stands over it ([retention and room](../guide/retention.md#room))",
    ),
    GMP_MAX_PENDING_BYTES: asHelp('; `max_bytes` of a tenant'),
    GMP_MIN_FREE_MB: asHelp(
      ': below, no mail is accepted (507) and what waits is still sent ([health](../guide/monitoring.md#health))',
    ),
    GMP_MAX_CLIENT_CONNECTIONS: asHelp('. Each takes some 50 KiB'),
    GMP_MAX_REQUESTS: asHelp('; beyond, the answer is 503 with `Retry-After`. A tenant has half of them, then 429'),
    GMP_MAX_REQUESTS_MB: asHelp(', in the same way; one alone may be larger'),
    GMP_IDEMPOTENCY_SECONDS: asHelp(),
  },
  `## Retention

What is done with is removed after whole days, or an ISO 8601 duration as \`P2W\` or \`PT12H\`; \`forever\` (\`null\` in the file and in code) keeps it. A tenant's
\`retention\` stands over these ([retention](../guide/retention.md)).`,
  {
    GMP_RETENTION_CONTENT: asHelp(),
    GMP_RETENTION_METADATA: asHelp(),
    GMP_RETENTION_EVENTS: asHelp(),
    GMP_RETENTION_AUDIT: asHelp(),
    GMP_RETENTION_IDS_DAYS: asHelp(),
    'retention.sweepMs': says('how often it is looked for what is too old'),
  },
  `## Sandboxes

What accounts of type \`sandbox\` take and keep ([guide](../guide/sandbox.md)).`,
  {
    GMP_SANDBOX_MAX_MESSAGES: asHelp(),
    GMP_SANDBOX_MAX_BYTES: asHelp(),
    GMP_SANDBOX_KEEP: asHelp(', or an ISO 8601 duration; `forever` until there are too many'),
    GMP_SANDBOX_MAX_MESSAGE_BYTES: asHelp(),
  },
  `## Attachments

What may be attached, and how it is fetched ([guide](../guide/attachments.md)).`,
  {
    GMP_ATTACHMENT_MAX_BYTES: asHelp(),
    GMP_ATTACHMENT_MESSAGE_MAX_BYTES: asHelp(),
    GMP_ATTACHMENT_TIMEOUT: asHelp(),
    GMP_ATTACHMENT_MESSAGE_TIMEOUT: asHelp(),
    GMP_ATTACHMENT_CONCURRENCY: asHelp('; one tenant takes half of what is free'),
    GMP_ATTACHMENT_ROOTS: asHelp(", and what lies under a root without it is every tenant's"),
    GMP_ATTACHMENT_SPOOL_DIR: asHelp(),
  },
  `## Cache of attachments

Attachments that were fetched are kept for a while, for other messages of the same tenant and for retries: small ones in
memory, larger ones in a folder if there is one. Each is found by its hash alone, and only by the tenant that had it fetched.`,
  {
    GMP_CACHE_MEMORY_MAX_MB: asHelp(),
    GMP_CACHE_MEMORY_TTL_SECONDS: asHelp(),
    GMP_CACHE_DISK_DIR: asHelp(
      "; several servers may share it. Attachments lie there as they are, in a subfolder for the server's user only",
    ),
    GMP_CACHE_DISK_MAX_MB: asHelp(),
    GMP_CACHE_DISK_TTL_SECONDS: asHelp(),
    GMP_CACHE_DISK_THRESHOLD_KB: asHelp(),
  },
  `## Where HTTP requests go

Report endpoints and OAuth token endpoints are called at public addresses only. A private, loopback or link-local one is refused,
whatever name leads to it, and the failed call says which it was. An application on your own network, or on this machine,
is allowed with one of these:`,
  {
    GMP_OUTGOING_ALLOWED_HOSTS: asHelp(', as `app.internal,10.0.0.5`'),
    GMP_OUTGOING_ALLOW_PRIVATE_NETWORKS: asHelp('; metadata services of clouds still not'),
  },
  "Relays that the operator named are not concerned. One whose host or port was named with a tenant's key is checked in the same way.",
];
