// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AnyOperation } from '@mail-proxy/core';
import { Command, Option } from 'commander';
import { meaningOf } from '../docs/fields.ts';
import { exampleOf } from '../openapi/examples.ts';
import { type InputField, inputPlaces } from '../openapi/input-places.ts';
import { askFields } from './ask-missing.ts';
import { type Asker, type AskFlags, askerOf, GivenUp, isConfirmed } from './asker.ts';
import type { ServerCall } from './call-server.ts';
import type { CommandContext } from './command-context.ts';
import { suggest } from './command-tree.ts';
import { type Connection, type ConnectionFlags, connect } from './connection.ts';
import { addAskOptions, addConnectionOptions } from './connection-options.ts';
import { exampleLine } from './example-line.ts';
import { choicesOf } from './field-choices.ts';
import { type Flag, flagName, flagOf, placeholder, readFlag } from './flag.ts';
import { readData, readMail } from './read-data.ts';
import { runCall } from './run-call.ts';
import { streamBytes } from './stream-bytes.ts';
import { streamLines } from './stream-lines.ts';
import { UsageError } from './usage-error.ts';

/** Flags that every operation has; a field of that name can only be given with --data. */
interface OwnFlags extends ConnectionFlags, AskFlags {
  readonly data?: string;
  readonly clear?: readonly string[];
  /** Where the operation takes a complete mail, too. */
  readonly mail?: string;
  /** Where the answer is bytes. */
  readonly out?: string;
}

const OWN_FLAGS = ['json', 'data', 'clear', 'mail', 'out', 'url', 'data_dir', 'help', 'yes', 'input'];

/** Verbs of what cannot be taken back. */
const DESTRUCTIVE = /^(delete|remove|revoke|purge|prune|bulk)(-|$)/;

/** Make the command of an operation: fields of the path as arguments, the others as flags. */
export function operationCommand(operation: AnyOperation, context: CommandContext): Command {
  const { path, query, body } = inputPlaces(operation);
  const fields = body ?? query;
  const flags = fields.filter(({ name }) => !OWN_FLAGS.includes(name)).map(flagOf);
  const verb = verbOf(operation);
  const isDestructive = DESTRUCTIVE.test(verb) || operation.http.method === 'DELETE';
  const command = new Command(verb).description(operation.summary);
  // Asked for where they are left out.
  for (const { name } of path) command.argument(`[${argumentOf(name)}]`);
  command.usage(['[options]', ...path.map(({ name }) => `<${argumentOf(name)}>`)].join(' '));
  for (const flag of flags) command.addOption(optionOf(flag, fields));
  if (body !== null) command.option('--data <json>', 'the whole input: JSON, @file or - for standard input');
  if (operation.http.forMail !== undefined) {
    command.option('--mail <file>', 'a complete mail in place of its fields: @file, or - for standard input');
  }
  if (operation.http.bytes !== undefined) {
    command.option('--out <file>', 'where to write the answer (-, standard output)');
  }
  if (operation.http.method === 'PATCH') command.option('--clear <field...>', 'set these fields to null');
  addConnectionOptions(command);
  command.option('--json', 'print the answer as JSON');
  if (isDestructive || [...path, ...fields].some((field) => field.isRequired)) {
    addAskOptions(command, { isDestructive });
  }
  command.addHelpText('after', `\nExample:\n  ${wrapped(exampleLine(operation, exampleOf(operation.name) ?? {}))}\n`);
  return command.action(async () => {
    // The names of commander's options are made of ours, so their shapes are these.
    const own = command.opts() as OwnFlags;
    const typed = await readInput({ command, flags, own, context });
    const asker = own.data === '-' || own.mail === '-' ? null : askerOf(context, own);
    if (asker === null) requireArguments(path, command.args);
    const connection = await connect(own, context);
    const ofContext = ofContextIn(fields, connection);
    const given = await completeInput(
      { ...ofContext, ...typed },
      { fields: own.mail === undefined ? fields : [], asker, operation: operation.name },
    );
    const pathValues = await completePath(path, command.args, asker);
    const question = `${operation.name.replace('.', ' ')} ${Object.values(pathValues).join(' ')} at ${connection.url}: go on?`;
    const isTrial = given['dry_run'] === true;
    if (isDestructive && !isTrial && !(await isConfirmed(question.replace('  ', ' '), own, context)))
      throw new GivenUp();
    const call =
      own.mail === undefined
        ? serverCall(operation, pathValues, given)
        : mailCall(operation, await readMail(own.mail, context.streams.stdin), given);
    const report = { connection, json: own.json === true };
    await runCall({ ...call, ...taking(operation, own, context) }, report, context);
  });
}

function argumentOf(name: string): string {
  return name.replaceAll('_', '-');
}

/** The tenant that the context names, where the operation is about one. */
function ofContextIn(fields: readonly InputField[], { tenantId }: Connection): Readonly<Record<string, unknown>> {
  return tenantId !== null && fields.some(({ name }) => name === 'tenant_id') ? { tenant_id: tenantId } : {};
}

/** Characters of a line of an example; a longer one goes on in the next, as in a shell. */
const EXAMPLE_WIDTH = 110;

function wrapped(line: string): string {
  const words = line.split(/ (?=--)/);
  const lines = [words[0] ?? ''];
  for (const word of words.slice(1)) {
    const last = lines.at(-1) ?? '';
    if (last.length + word.length < EXAMPLE_WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.join(' \\\n  ');
}

/** What takes the answer where it is not one value in JSON. */
function taking(
  { http }: AnyOperation,
  { out }: OwnFlags,
  { streams: { stdout } }: CommandContext,
): Pick<ServerCall, 'onBody'> {
  if (http.lines !== undefined) return { onBody: (body) => streamLines(body, stdout) };
  if (http.bytes !== undefined) return { onBody: (body) => streamBytes(body, out, stdout) };
  return {};
}

/** `update-sending` of `tenants.update-sending`. */
function verbOf({ name }: AnyOperation): string {
  return name.slice(name.indexOf('.') + 1);
}

function optionOf(flag: Flag, fields: readonly InputField[]): Option {
  const isRequired = fields.some(({ name, isRequired }) => name === flag.field && isRequired);
  const option = new Option(
    `${flagName(flag.field)}${placeholder(flag)}`,
    meaningOf(flag.schema) + (isRequired ? ' (required)' : ''),
  );
  return suggest(option, flag.kind === 'boolean' ? ['true', 'false'] : choicesOf(flag.schema));
}

async function readInput({
  command,
  flags,
  own,
  context,
}: {
  readonly command: Command;
  readonly flags: readonly Flag[];
  readonly own: OwnFlags;
  readonly context: CommandContext;
}): Promise<Readonly<Record<string, unknown>>> {
  const whole = own.data === undefined ? {} : await readData(own.data, context.streams.stdin);
  const options = command.opts();
  const single = flags.flatMap((flag) => {
    const given: unknown = options[attributeOf(flag)];
    return given === undefined ? [] : [[flag.field, readFlag(flag, given)] as const];
  });
  const cleared = (own.clear ?? []).map((name) => [name.replaceAll('-', '_'), null] as const);
  return { ...whole, ...Object.fromEntries([...single, ...cleared]) };
}

/** The name under which commander keeps the value. */
function attributeOf({ field }: Flag): string {
  return field.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

interface Completing {
  readonly fields: readonly InputField[];
  readonly asker: Asker | null;
  /** Its name. */
  readonly operation: string;
}

/** Fields that are optional by the schema, and needed all the same unless another field says otherwise. */
const NEEDED: Readonly<Record<string, (given: Readonly<Record<string, unknown>>) => readonly string[]>> = {
  'accounts.create': ({ type }) => (type === 'sandbox' ? [] : ['host', 'port']),
};

/**
 * Ask for what is missing, and for the password of a user that was named without one.
 *
 * @throws {UsageError} where nobody can be asked: that can be said without asking the server
 */
async function completeInput(
  given: Readonly<Record<string, unknown>>,
  { fields, asker, operation }: Completing,
): Promise<Readonly<Record<string, unknown>>> {
  const alsoNeeded = NEEDED[operation]?.(given) ?? [];
  const missing = fields.filter(
    ({ name, isRequired }) => (isRequired || alsoNeeded.includes(name)) && given[name] === undefined,
  );
  if (asker === null) {
    if (missing.length === 0) return given;
    throw new UsageError(`missing: ${missing.map(({ name }) => flagName(name)).join(', ')}`);
  }
  const hasUser = typeof given['user'] === 'string' && given['oauth'] === undefined;
  const password = fields.filter(({ name }) => name === 'password' && hasUser && given[name] === undefined);
  return { ...given, ...(await askFields([...new Set([...missing, ...password])], asker)) };
}

/** @throws {UsageError} */
function requireArguments(path: readonly InputField[], args: readonly string[]): void {
  const missing = path[args.length];
  if (missing !== undefined) throw new UsageError(`missing required argument '${argumentOf(missing.name)}'`);
}

async function completePath(
  path: readonly InputField[],
  args: readonly string[],
  asker: Asker | null,
): Promise<Readonly<Record<string, string>>> {
  const given = Object.fromEntries(path.flatMap(({ name }, at) => (args[at] === undefined ? [] : [[name, args[at]]])));
  const missing = path.slice(args.length).map((field) => ({ ...field, schema: { type: 'string' } }));
  const asked = asker === null ? {} : await askFields(missing, asker);
  return { ...given, ...Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, String(value)])) };
}

function serverCall(
  { http }: AnyOperation,
  pathValues: Readonly<Record<string, string>>,
  input: Readonly<Record<string, unknown>>,
): ServerCall {
  const path = http.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(pathValues[name] ?? ''));
  if (http.method === 'POST' || http.method === 'PATCH') return { method: http.method, path, body: input };
  return { method: http.method, path: withQuery(path, input) };
}

/** The mail is the body, so that the rest goes into the query. */
function mailCall(
  { http }: AnyOperation,
  mail: Uint8Array<ArrayBuffer>,
  input: Readonly<Record<string, unknown>>,
): ServerCall {
  return { method: http.method, path: withQuery(http.path, input), mail };
}

function withQuery(path: string, input: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams(Object.fromEntries(Object.entries(input).map(([k, value]) => [k, String(value)])));
  return query.size === 0 ? path : `${path}?${query}`;
}
