// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type EditionChoice, VERSION } from '@mail-proxy/core';
import { Command, Option } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { CommandContext } from './command-context.ts';
import { installedOperations } from './installed-operations.ts';

/** Print the OpenAPI document of this installation. */
export function openApiCommand({ streams, finish }: CommandContext): Command {
  const command = new Command('openapi')
    .description('Print the OpenAPI document')
    .addOption(
      new Option('--edition <name>', 'which edition to describe')
        .choices(['auto', 'community', 'enterprise'])
        .default('auto'),
    )
    .option('--json', 'as it is in any case')
    .addHelpText('after', '\nExample:\n  mail-proxy openapi --edition community > openapi.json\n');
  return command.action(async () => {
    const { edition } = command.opts<{ edition: EditionChoice }>();
    const document = openApiDocument(await installedOperations(edition), { version: VERSION });
    streams.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    finish(EXIT.ok);
  });
}
