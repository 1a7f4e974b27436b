// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type AnyOperation, coreOperations, createMailEngine, type EditionChoice, VERSION } from '@mail-proxy/core';
import { Command, Option } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { findMixins } from '../mixins.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { CommandContext } from './command-context.ts';

/** Print the OpenAPI document of this installation. */
export function openApiCommand({ streams, finish }: CommandContext): Command {
  const command = new Command('openapi')
    .description('Print the OpenAPI document')
    .addOption(
      new Option('--edition <name>', 'which edition to describe')
        .choices(['auto', 'community', 'enterprise'])
        .default('auto'),
    )
    .addHelpText('after', '\nExample:\n  mail-proxy openapi --edition community > openapi.json\n');
  return command.action(async () => {
    const { edition } = command.opts<{ edition: EditionChoice }>();
    const document = openApiDocument(await operationsOf(edition), { version: VERSION });
    streams.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    finish(EXIT.ok);
  });
}

/** The operations of mixins are known once an engine has set them up; one in memory is enough. */
async function operationsOf(edition: EditionChoice): Promise<readonly AnyOperation[]> {
  const { mixins } = await findMixins(edition);
  if (mixins.length === 0) return coreOperations;
  await using engine = await createMailEngine({ config: { database: ':memory:' }, mixins });
  return engine.operations;
}
