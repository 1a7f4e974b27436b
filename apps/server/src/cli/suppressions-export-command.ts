// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { Command, Option } from 'commander';
import * as v from 'valibot';
import type { CommandContext } from './command-context.ts';
import { type ConnectionFlags, connect } from './connection.ts';
import { addConnectionOptions } from './connection-options.ts';
import { runCall } from './run-call.ts';
import { streamLines, writePiece } from './stream-lines.ts';
import type { Streams } from './streams.ts';
import { FIELDS, ROW_FORMATS, type RowFormat } from './suppression-rows.ts';

interface ExportFlags extends ConnectionFlags {
  readonly format: RowFormat;
  /** Lines of JSON are the default. */
  readonly json?: true;
  readonly tenantId?: string;
  readonly reason?: string;
  readonly domain?: string;
  readonly since?: string;
}

/** Behind what an import reads, what only people do. */
const COLUMNS = [...FIELDS, 'created_at', 'stopped', 'last_stopped_at'] as const;

const line = v.record(v.string(), v.unknown());

/** Write a suppression list to standard output. */
export function suppressionsExportCommand(context: CommandContext): Command {
  const command = new Command('export')
    .description('Write the suppression list to standard output, the oldest entry first')
    .addOption(new Option('--format <format>', 'what is written').choices([...ROW_FORMATS]).default('ndjson'))
    .option('--tenant-id <tenant-id>', 'whose list; by default that of the key, for an operator those of all tenants')
    .option('--reason <reason>', 'entries of this reason only')
    .option('--domain <domain>', 'entries of addresses in this domain, and its own')
    .option('--since <time>', 'entries made then or later');
  addConnectionOptions(command);
  command.option('--json', 'lines of JSON, as by default');
  command.addHelpText('after', '\nExample:\n  mail-proxy suppressions export --format csv > suppressed.csv\n');
  return command.action(async () => {
    // The options above, and no others.
    const { format, tenantId, reason, domain, since, ...flags } = command.opts() as ExportFlags;
    const connection = await connect(flags, context);
    const tenant_id = tenantId ?? connection.tenantId ?? undefined;
    const filters = Object.entries({ tenant_id, reason, domain, since });
    const query = new URLSearchParams(
      filters.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]])),
    );
    const { stdout } = context.streams;
    const path = `/v1/suppressions/export${query.size === 0 ? '' : `?${query}`}`;
    const onBody = (body: AsyncIterable<Uint8Array>): Promise<void> =>
      format === 'csv' && flags.json !== true ? writeCsv(body, stdout) : streamLines(body, stdout);
    await runCall({ method: 'GET', path, onBody }, { connection, json: true }, context);
  });
}

/** RFC 4180, but for its line ends: those of the other lines that this program writes. */
async function writeCsv(body: AsyncIterable<Uint8Array>, stdout: Streams['stdout']): Promise<void> {
  await writePiece(`${COLUMNS.join(',')}\n`, stdout);
  for await (const text of createInterface({ input: Readable.from(body) })) {
    const entry = v.parse(line, JSON.parse(text));
    await writePiece(`${COLUMNS.map((column) => cell(entry[column])).join(',')}\n`, stdout);
  }
}

function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
