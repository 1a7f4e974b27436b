// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { resolve } from 'node:path';
import { type MayRepeat, type RestoreResult, restoreDatabase } from '@mail-proxy/core';
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { colorsOf } from './colors.ts';
import type { CommandContext } from './command-context.ts';
import { type DatabaseFlags, databaseCommand, withDatabase } from './database-command.ts';
import { renderValue } from './render-value.ts';

interface RestoreFlags extends DatabaseFlags {
  readonly force?: true;
  readonly encryptionKeyFile?: string;
  readonly allowUnreadableSecrets?: true;
}

/** Of the messages that may be sent again, a person sees so many. */
const SHOWN = 10;

/** Put a backup in the place of the database. */
export function restoreCommand(context: CommandContext): Command {
  const command = databaseCommand('restore', 'Put a backup in the place of the database; sending is paused then')
    .argument('<file>', 'what mail-proxy backup wrote')
    .option('--force', 'move a database aside that is there; it is kept')
    .option('--encryption-key-file <file>', 'keys that open its secrets (<file>.key, where that is there)')
    .option('--allow-unreadable-secrets', 'restore without them; passwords must then be set anew')
    .addHelpText('after', HELP);
  return command.action(async (file: string) => {
    // The options above, and no others.
    const flags = command.opts() as RestoreFlags;
    const { streams } = context;
    await withDatabase(flags, context, async ({ config, mixins, makeFolder }) => {
      await makeFolder();
      const result = await restoreDatabase({
        config,
        mixins,
        file: resolve(file),
        force: flags.force === true,
        ...(flags.encryptionKeyFile === undefined ? {} : { keyFile: resolve(flags.encryptionKeyFile) }),
        allowUnreadableSecrets: flags.allowUnreadableSecrets === true,
        onStep: (step) => {
          const said = SAID[step];
          if (said !== undefined) streams.stderr.write(`${said}\n`);
        },
      });
      if (flags.json === true) streams.stdout.write(`${JSON.stringify(forMachines(result), null, 2)}\n`);
      else showResult(result, context);
      return EXIT.ok;
    });
  });
}

const SAID: Readonly<Record<string, string>> = {
  copied: 'the backup is copied; reading it through',
  checked: 'it is whole; pausing it and looking for mail that may be sent again',
};

function forMachines({ database, replaced, backup, unreadableKeys, items, hasMore, sinceThen }: RestoreResult): object {
  const { instance, newestAt, messages, waiting } = backup;
  return {
    ...{ database, replaced, instance, newest_at: timeOf(newestAt), paused: true, messages },
    may_be_sent_again: {
      count: waiting.count,
      oldest_at: waiting.oldestAt === null ? null : timeOf(waiting.oldestAt),
      by_state: waiting.byState,
      messages: items.map(rowOf),
      has_more: hasMore,
    },
    replaced_database:
      sinceThen === null ? null : { finished: sinceThen.finished, accepted_later: sinceThen.acceptedLater },
    unreadable_keys: unreadableKeys,
  };
}

function rowOf({ pk, id, tenantId, accountId, state, createdAt, sinceThen }: MayRepeat) {
  const now = { since_then: sinceThen };
  return { id, tenant_id: tenantId, account_id: accountId, state, created_at: timeOf(createdAt), ...now, pk };
}

function showResult(result: RestoreResult, { streams: { stdout, stderr }, env }: CommandContext): void {
  const { database, replaced, backup, unreadableKeys, items, sinceThen } = result;
  const { waiting } = backup;
  const colors = colorsOf(stdout, env);
  if (unreadableKeys.length > 0) {
    stderr.write(
      `warning: secrets sealed with the key ${unreadableKeys.join(', ')} cannot be opened any more; set them anew\n`,
    );
  }
  stdout.write(`restored ${backup.messages} messages to ${database}, as of about ${timeOf(backup.newestAt)}\n`);
  if (replaced !== null) stdout.write(`  The database that was there is kept as ${replaced}\n`);
  if (sinceThen !== null && sinceThen.acceptedLater > 0) {
    stdout.write(`  ${sinceThen.acceptedLater} messages accepted after the backup are in that one alone\n`);
  }
  stdout.write('\nSending is paused, also after the start: mail is accepted and waits.\n');
  if (waiting.count === 0) stdout.write('No message waited when the backup was made: nothing is sent a second time.\n');
  else {
    const oldest = timeOf(waiting.oldestAt ?? 0);
    stdout.write(
      `${colors.yellow(`${waiting.count} messages waited then, the oldest since ${oldest}. Those that were sent since would be sent again:`)}\n\n`,
    );
    // Our own keys are for machines.
    const shown = items.slice(0, SHOWN).map((item) => ({ ...rowOf(item), pk: undefined }));
    stdout.write(renderValue({ items: shown }, { columns: stdout.columns ?? 100, colors }).text);
    if (waiting.count > shown.length) stdout.write(`and ${waiting.count - shown.length} more; --json has their ids\n`);
    if (sinceThen !== null) {
      stdout.write(`\nThe replaced database knows ${sinceThen.finished} of them as done with (since_then).\n`);
    }
  }
  stdout.write(NEXT);
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

const NEXT = `
What to do now:
  mail-proxy serve                                   start the server, which sends nothing yet
  mail-proxy messages list --state ready             look at what waits (deferred, held, in_doubt, ... too)
  mail-proxy messages cancel <id>                    what must not be sent again
  mail-proxy messages hold <id>                      what somebody has to decide; messages release lets it go
  mail-proxy messages bulk --action hold --filter '{"created_before":"..."}'    many at once; cancel, too
  mail-proxy instance resume                         send what is left
`;

const HELP = `
No server may run on the database meanwhile: stop it first. What stands there is moved aside and kept, never deleted;
without --force the place must be empty. A restore that is cut short leaves the old database, or goes on when it is run
again; no server starts in between. SQLite only: PostgreSQL has pg_restore.

A backup does not know what was sent after it was made. So the restored database is paused, and the answer says which
messages may be sent a second time: all of them with --json.

Example:
  mail-proxy restore /backup/mail-proxy-2030-01-31.db --force
`;
