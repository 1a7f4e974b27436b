// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import type { ServerCall } from '../call-server.ts';
import type { ConnectionFlags } from '../connection.ts';
import { readBytes, readFileOf } from '../read-data.ts';
import { pathWith } from '../server-session.ts';
import type { Streams } from '../streams.ts';
import { UsageError } from '../usage-error.ts';

/** What stands behind `mail-proxy send`. */
export interface SendFlags extends ConnectionFlags {
  readonly from?: string;
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly replyTo?: readonly string[];
  readonly subject?: string;
  readonly text?: string;
  readonly textFile?: string;
  readonly html?: string;
  readonly htmlFile?: string;
  readonly attach?: readonly string[];
  readonly header?: readonly string[];
  readonly tenantId?: string | undefined;
  readonly accountId?: string;
  readonly id?: string;
  readonly priority?: string;
  readonly batchCode?: string;
  readonly sendAt?: string;
  /** True where no number stands behind it. */
  readonly wait?: string | true;
  readonly json?: true;
  /** False with --no-input. */
  readonly input?: boolean;
}

const MESSAGES = '/v1/messages';
/** An upload may take longer than an answer. */
const UPLOAD_TIMEOUT_MS = 3_600_000;

/** Fields of a mail that a complete one has in its header. */
const OF_THE_HEADER = [
  'from',
  'cc',
  'bcc',
  'replyTo',
  'subject',
  'text',
  'textFile',
  'html',
  'htmlFile',
  'attach',
] as const;

/**
 * Read the mail that the flags mean, and make the call that submits it.
 *
 * @throws {UsageError} where something is missing, or a file cannot be read
 */
export async function readDraft(
  file: string | undefined,
  flags: SendFlags,
  stdin: Streams['stdin'],
): Promise<ServerCall> {
  if (file !== undefined) return completeMail(file, flags, stdin);
  const message = { ...fieldsOf(flags), ...(await contentOf(flags, stdin)), ...sendingOf(flags) };
  if (flags.attach === undefined) return { method: 'POST', path: MESSAGES, body: message };
  return { method: 'POST', path: MESSAGES, form: await formOf(message, flags.attach), timeoutMs: UPLOAD_TIMEOUT_MS };
}

async function completeMail(file: string, flags: SendFlags, stdin: Streams['stdin']): Promise<ServerCall> {
  const [wrong] = OF_THE_HEADER.filter((name) => flags[name] !== undefined);
  if (wrong !== undefined || flags.header !== undefined) {
    const flag = `--${(wrong ?? 'header').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new UsageError(`${flag} does not go with a complete mail, which is sent as it is`);
  }
  const mail = Uint8Array.from(file === '-' ? await readBytes(stdin) : await readFileOf(file, file));
  if (mail.length === 0) throw new UsageError(`${file === '-' ? 'standard input' : file} is empty`);
  // In a query a list is one text.
  const { to, ...query } = { to: flags.to?.join(', '), ...sendingOf(flags) };
  return {
    method: 'POST',
    path: pathWith(MESSAGES, { ...query, to }),
    mail,
    timeoutMs: UPLOAD_TIMEOUT_MS,
  };
}

function fieldsOf({ from, to, cc, bcc, replyTo: reply_to, subject, header }: SendFlags) {
  const missing = Object.entries({ '--from': from, '--to': to ?? cc ?? bcc, '--subject': subject });
  const names = missing.flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (names.length > 0) throw new UsageError(`missing: ${names.join(', ')}; or a file with a complete mail`);
  return { from, to, cc, bcc, reply_to, subject, ...(header === undefined ? {} : { headers: headersOf(header) }) };
}

function headersOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([!-9;-~]+):\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new UsageError(`--header takes "Name: value", not ${line}`);
      return [name, value];
    }),
  );
}

async function contentOf(flags: SendFlags, stdin: Streams['stdin']) {
  const { text, textFile, html, htmlFile } = flags;
  if (text !== undefined && textFile !== undefined) throw new UsageError('either --text or --text-file');
  if (html !== undefined && htmlFile !== undefined) throw new UsageError('either --html or --html-file');
  if (textFile === '-' && htmlFile === '-') throw new UsageError('standard input is one: --text-file or --html-file');
  const read = async (flag: string, file: string): Promise<string> =>
    (file === '-' ? await readBytes(stdin) : await readFileOf(flag, file)).toString('utf8');
  const given = {
    text: textFile === undefined ? text : await read('--text-file', textFile),
    html: htmlFile === undefined ? html : await read('--html-file', htmlFile),
  };
  if (given.text !== undefined || given.html !== undefined) return given;
  if (stdin.isTTY === true) {
    throw new UsageError('missing: --text, --text-file or --html, or something in a pipe');
  }
  return { text: await read('--text-file', '-') };
}

function sendingOf({ tenantId, accountId, id, priority, batchCode, sendAt }: SendFlags) {
  return {
    tenant_id: tenantId,
    account_id: accountId,
    id,
    priority: priority !== undefined && /^[0-3]$/.test(priority) ? Number(priority) : priority,
    batch_code: batchCode,
    send_at: sendAt,
  };
}

/** Files are read while they are sent, and never in memory as a whole. */
async function formOf(message: object, files: readonly string[]): Promise<FormData> {
  const form = new FormData();
  form.set('message', JSON.stringify(message));
  for (const [at, file] of files.entries()) {
    try {
      form.set(`file${at}`, await openAsBlob(file), basename(file));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new UsageError(`--attach cannot be read: ${file} (${why})`, { cause: error });
    }
  }
  return form;
}
