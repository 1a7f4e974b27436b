// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { resolve } from 'node:path';
import {
  addKeyToFile,
  createKeyFile,
  isMailProxyError,
  keyIdOf,
  MailProxyError,
  newKey,
  readKeyFile,
  textOfKey,
} from '@mail-proxy/core';
import { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { CommandContext } from './command-context.ts';
import { reportFailure } from './report-failure.ts';
import { UsageError } from './usage-error.ts';

interface GenerateFlags {
  readonly file?: string;
  readonly addTo?: string;
  readonly first?: true;
  readonly json?: true;
}

/** Make an encryption key, and print it or keep it in a file. No server and no database are needed. */
export function generateKeyCommand({ env, streams, finish }: CommandContext): Command {
  const command = new Command('generate')
    .description('Make an encryption key: print it, or keep it in a file that only you can read')
    .option('--file <file>', 'keep it in this new file')
    .option('--add-to <file>', 'add it to the keys of this file, as one that opens and does not seal')
    .option('--first', 'with --add-to: as the one that seals')
    .option('--json', 'print its id, and the key where it is kept nowhere, as JSON')
    .addHelpText('after', HELP);
  return command.action(async () => {
    // The options above, and no others.
    const flags = command.opts() as GenerateFlags;
    if (flags.file !== undefined && flags.addTo !== undefined)
      throw new UsageError('--file and --add-to exclude each other');
    if (flags.first === true && flags.addTo === undefined) throw new UsageError('--first goes with --add-to');
    const key = newKey();
    try {
      await keep(key, flags);
    } catch (error) {
      if (!isMailProxyError(error)) throw error;
      finish(reportFailure(error, { streams, env }));
      return;
    }
    const isKept = flags.file !== undefined || flags.addTo !== undefined;
    if (flags.json === true) {
      streams.stdout.write(`${JSON.stringify({ key_id: keyIdOf(key), ...(isKept ? {} : { key: textOfKey(key) }) })}\n`);
    } else if (!isKept) streams.stdout.write(`${textOfKey(key)}\n`);
    // Not on stdout, which may be on its way into a vault.
    streams.stderr.write(`made the key ${keyIdOf(key)}; keep a copy of it: without it, what it seals is lost\n`);
    finish(EXIT.ok);
  });
}

async function keep(key: ReturnType<typeof newKey>, { file, addTo, first }: GenerateFlags): Promise<void> {
  if (addTo !== undefined) await addKeyToFile(resolve(addTo), key, first === true ? 'first' : 'last');
  if (file === undefined) return;
  const path = resolve(file);
  if ((await readKeyFile(path)) !== null) {
    throw new MailProxyError('conflict', { detail: `${path} holds a key already; add one to it with --add-to` });
  }
  await createKeyFile(path, [key]);
}

const HELP = `
Examples:
  mail-proxy keys generate --file ./data/mail-proxy.db.key
  mail-proxy keys generate --add-to ./data/mail-proxy.db.key --first && mail-proxy keys rotate
`;
