// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { CommandLogTable } from '../entities/command-log/command-log.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { pkOfNumbered } from './event-pk.ts';
import type { ImportParts } from './import-parts.ts';
import { lineOf, numberOf, type SourceRow, textOf, timeOf } from './source-values.ts';
import type { TakeStatements } from './take-statements.ts';

export interface CommandParts extends ImportParts {
  readonly database: Database<CoreSchema>;
  readonly statements: Pick<TakeStatements, 'commands'>;
}

const PRINCIPAL = 'genro-mail-proxy';
/** What opens something, or what a person wrote; the original stored all of it. */
const SECRET = /pass|secret|token|auth|key|credential/i;
const CONTENT =
  /^(body|subject|text|html|headers|attachments|content|storage_path|from|from_addr|to|cc|bcc|reply_to)$/i;
/** Characters of one line of the log. */
const MAX_INPUT = 100_000;
const MAX_DEPTH = 8;

/** Take the log of commands, without the secrets and the mail that stand in it. */
export async function takeCommands(parts: CommandParts): Promise<void> {
  const { source, findings, database, statements, onRows } = parts;
  for await (const rows of source.pages('command_log')) {
    const lines = rows.flatMap((row) => {
      const line = lineOfLog(row);
      if (line === null) findings.notTaken('commands', textOf(row, 'id') ?? '', 'its time cannot be read');
      return line === null ? [] : [line];
    });
    const [written] = await database.write([statements.commands.bind({ rows: rowsJson(lines) })] as const);
    findings.taken('commands', written.changes);
    findings.alreadyHere('commands', lines.length - written.changes);
    onRows('command_log', rows.length);
  }
}

function lineOfLog(row: SourceRow): Omit<CommandLogTable, 'request_id'> | null {
  const at = timeOf(row, 'command_ts');
  if (at === null) return null;
  const operation = lineOf(textOf(row, 'endpoint') ?? 'unknown', 200);
  const status = numberOf(row, 'response_status');
  const payload = textOf(row, 'payload') ?? '{}';
  return {
    pk: pkOfNumbered(at, numberOf(row, 'id') ?? 0, `${operation} ${payload}`),
    at,
    operation: `genro.${operation}`,
    tenant_id: textOf(row, 'tenant_id'),
    principal: PRINCIPAL,
    origin: 'import',
    input: inputOf(payload),
    outcome: status === null || status < 400 ? 'ok' : `status ${status}`,
  };
}

function inputOf(payload: string): string {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    // What is no JSON may hold anything.
    return JSON.stringify('[content]');
  }
  const json = JSON.stringify(withoutSecrets(value, 0));
  return json.length > MAX_INPUT ? JSON.stringify('[content]') : json;
}

function withoutSecrets(value: unknown, depth: number): unknown {
  if (depth === MAX_DEPTH) return '[content]';
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      if (each === null) return [key, null];
      if (CONTENT.test(key)) return [key, '[content]'];
      return [key, SECRET.test(key) ? '[secret]' : withoutSecrets(each, depth + 1)];
    }),
  );
}
