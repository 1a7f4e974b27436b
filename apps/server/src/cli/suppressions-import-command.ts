// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Command, Option } from 'commander';
import * as v from 'valibot';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type CallResult, callServer } from './call-server.ts';
import type { CommandContext } from './command-context.ts';
import { type Connection, type ConnectionFlags, connect, findConnection } from './connection.ts';
import { addConnectionOptions } from './connection-options.ts';
import { reportResult } from './report-result.ts';
import { withProgress } from './show-progress.ts';
import type { Streams } from './streams.ts';
import { type GivenEntry, ROW_FORMATS, type Row, type RowFormat, readRows } from './suppression-rows.ts';
import { UsageError } from './usage-error.ts';

interface ImportFlags extends ConnectionFlags {
  readonly format?: RowFormat;
  readonly tenantId?: string;
  readonly reason?: string;
  readonly keepExisting?: true;
  readonly json?: true;
}

/** As many as the server takes at once, unless they are long. */
const MAX_ENTRIES = 1_000;
const MAX_BYTES = 1_048_576;
/** Rows whose problem is remembered to be shown. */
const MAX_SHOWN = 1_000;

const answer = v.object({
  added: v.number(),
  replaced: v.number(),
  kept: v.number(),
  rejected: v.number(),
  results: v.array(
    v.object({
      index: v.number(),
      problems: v.optional(v.array(v.object({ pointer: v.string(), message: v.string() }))),
    }),
  ),
});

/** Put the addresses of a file onto a suppression list. */
export function suppressionsImportCommand(context: CommandContext): Command {
  const command = new Command('import')
    .description('Put the addresses of a file onto the suppression list, each for itself')
    .argument('<file>', 'CSV or lines of JSON; - for standard input')
    .addOption(new Option('--format <format>', 'of the file; told by its name by default').choices([...ROW_FORMATS]))
    .option(
      '--tenant-id <tenant-id>',
      'whose list; by default that of the key, for an operator that of the tenant default',
    )
    .option(
      '--reason <reason>',
      'in place of what the rows say: hard_bounce, soft_bounces, complaint, unsubscribe, ...',
    )
    .option('--keep-existing', 'leave entries as they are that stand already');
  addConnectionOptions(command);
  command.option('--json', 'print the counts as JSON').addHelpText('after', HELP);
  return command.action(async (file: string) => {
    // The options above, and no others.
    const flags = command.opts() as ImportFlags;
    const run = new ImportRun(flags, context);
    context.finish(await run.import(file));
  });
}

interface Counts {
  added: number;
  replaced: number;
  kept: number;
  rejected: number;
}

/** One import: rows are gathered and posted, one request after the other. */
class ImportRun {
  readonly #flags: ImportFlags;
  readonly #context: CommandContext;
  readonly #counts: Counts = { added: 0, replaced: 0, kept: 0, rejected: 0 };
  readonly #problems: { readonly line: number; readonly problem: string }[] = [];
  /** What the rest stopped for. */
  #connection: Connection | null = null;
  #failure: Exclude<CallResult, { kind: 'ok' }> | null = null;
  /** Up to this line all is done. */
  #doneUntil = 0;
  /** Up to this line all was sent, whatever came of it. */
  #sentUntil = 0;
  #gathered: { readonly line: number; readonly entry: GivenEntry }[] = [];
  #bytes = 0;

  constructor(flags: ImportFlags, context: CommandContext) {
    this.#flags = flags;
    this.#context = context;
  }

  async import(file: string): Promise<ExitCode> {
    const { stdin, stderr } = this.#context.streams;
    const format = this.#flags.format ?? formatOf(file);
    const open = (): AsyncIterable<Uint8Array | string> => (file === '-' ? stdin : createReadStream(file));
    // Of what is no file nobody knows how much there is; a pipe can be read once only.
    const total = file === '-' || !(await isFile(file)) ? 0 : await countLines(open());
    try {
      await this.#read(file, format, { open, total });
    } catch (error) {
      if (error instanceof UsageError && this.#doneUntil > 0) stderr.write(`${this.#standing()}\n`);
      throw error;
    }
    return await this.#report();
  }

  async #read(
    file: string,
    format: RowFormat,
    { open, total }: { readonly open: () => AsyncIterable<Uint8Array | string>; readonly total: number },
  ): Promise<void> {
    await withProgress(this.#context.streams.stderr, async (show) => {
      for await (const row of readRows(named(open(), file), format)) {
        await this.#take(row);
        if (this.#failure !== null) return;
        if (total > 0) show({ phase: 'suppress', rows: Math.min(row.line, total), total, table: 'suppressions' });
      }
      await this.#post();
      if (total > 0) show({ phase: 'suppress', rows: total, total, table: 'suppressions' });
    });
  }

  async #take(row: Row): Promise<void> {
    if ('problem' in row) {
      this.#reject(row.line, row.problem);
      return;
    }
    const { reason } = this.#flags;
    const entry = reason === undefined ? row.entry : { ...row.entry, reason };
    this.#gathered.push({ line: row.line, entry });
    this.#bytes += Buffer.byteLength(JSON.stringify(entry));
    if (this.#gathered.length >= MAX_ENTRIES || this.#bytes >= MAX_BYTES) await this.#post();
  }

  async #post(): Promise<void> {
    const gathered = this.#gathered;
    if (gathered.length === 0) return;
    this.#gathered = [];
    this.#bytes = 0;
    const { tenantId, keepExisting } = this.#flags;
    this.#sentUntil = gathered.at(-1)?.line ?? this.#sentUntil;
    this.#connection ??= await connect(this.#flags, this.#context);
    const connection = this.#connection;
    const tenant = tenantId ?? connection.tenantId;
    const result = await callServer(connection, {
      method: 'POST',
      path: '/v1/suppressions/import',
      body: {
        entries: gathered.map(({ entry }) => entry),
        on_existing: keepExisting === true ? 'keep' : 'replace',
        ...(tenant === null ? {} : { tenant_id: tenant }),
      },
    });
    if (result.kind !== 'ok') {
      this.#failure = result;
      return;
    }
    const { added, replaced, kept, results } = v.parse(answer, result.value);
    this.#counts.added += added;
    this.#counts.replaced += replaced;
    this.#counts.kept += kept;
    for (const { index, problems } of results) {
      const line = gathered[index]?.line ?? 0;
      const said = problems?.map(({ pointer, message }) => `${pointer.split('/').at(-1)}: ${message}`);
      if (said !== undefined) this.#reject(line, said.join('; '));
    }
    this.#doneUntil = this.#sentUntil;
  }

  #reject(line: number, problem: string): void {
    this.#counts.rejected += 1;
    if (this.#problems.length < MAX_SHOWN) this.#problems.push({ line, problem });
  }

  async #report(): Promise<ExitCode> {
    const { streams } = this.#context;
    const { added, replaced, kept, rejected } = this.#counts;
    for (const { line, problem } of this.#problems.toSorted((a, b) => a.line - b.line)) {
      streams.stderr.write(`line ${line}: ${problem}\n`);
    }
    const unseen = rejected - this.#problems.length;
    if (unseen > 0) streams.stderr.write(`and ${unseen} more lines\n`);
    const said = `${added} added, ${replaced} replaced, ${kept} kept, ${rejected} rejected`;
    streams.stdout.write(this.#flags.json === true ? `${JSON.stringify(this.#counts)}\n` : `${said}\n`);
    if (this.#failure === null) return rejected > 0 ? EXIT.refused : EXIT.ok;
    return await this.#reportFailure(this.#failure, streams);
  }

  async #reportFailure(failure: CallResult, streams: Streams): Promise<ExitCode> {
    const connection = await findConnection(this.#flags, this.#context.env);
    const code = reportResult(failure, { connection, json: false, ...this.#context });
    streams.stderr.write(`  ${this.#standing()}\n`);
    return code;
  }

  /** What holds where it stopped in the middle. */
  #standing(): string {
    const [done, again] = [this.#doneUntil, 'the same import may be run again'];
    if (isInDoubt(this.#failure)) {
      const before = done === 0 ? 'Lines' : `Stored up to line ${done}; lines`;
      return `${before} ${done + 1} to ${this.#sentUntil} may be stored or not, nothing after them; ${again}`;
    }
    return done === 0 ? 'Nothing was stored' : `Stored up to line ${done}, nothing after it; ${again}`;
  }
}

/** What a call says that reached nobody. */
const NOT_CONNECTED: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

/** Who did not answer, or failed, may have stored what it was sent. */
function isInDoubt(failure: Exclude<CallResult, { kind: 'ok' }> | null): boolean {
  if (failure?.kind === 'unreachable') return !NOT_CONNECTED.includes(failure.reason);
  return failure?.kind === 'problem' && failure.status >= 500;
}

/** @throws {UsageError} where there is none */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function formatOf(file: string): RowFormat {
  if (/\.csv$/i.test(file)) return 'csv';
  if (/\.(?:ndjson|jsonl)$/i.test(file)) return 'ndjson';
  throw new UsageError('say what the file holds: --format csv or --format ndjson');
}

const LINE_FEED = 0x0a;

async function countLines(bytes: AsyncIterable<Uint8Array | string>): Promise<number> {
  let lines = 1;
  for await (const piece of named(bytes, 'the file')) {
    const text = Buffer.from(piece);
    for (let at = text.indexOf(LINE_FEED); at >= 0; at = text.indexOf(LINE_FEED, at + 1)) lines += 1;
  }
  return lines;
}

/** @throws {UsageError} where it cannot be read */
async function* named(bytes: AsyncIterable<Uint8Array | string>, file: string): AsyncGenerator<Uint8Array | string> {
  try {
    yield* bytes;
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): UsageError {
  return new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}

const HELP = `
A CSV file names its columns in its first line: address (or email, recipient), and where you like reason, note and
expires_at; without names the columns are these, in this order. Lines of JSON have the same members. What export writes
can be imported: its tenant_id says whose row it is, and a row of another tenant's list is rejected. Each row is stored or
rejected by itself, and rejected ones are told by their line; then the exit code is 1.

Example:
  mail-proxy suppressions import unsubscribed.csv --reason unsubscribe

From another program:
  zcat list.ndjson.gz | mail-proxy suppressions import - --format ndjson --keep-existing
`;
