// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type AskFlags, isConfirmed } from '../asker.ts';
import type { CommandContext } from '../command-context.ts';
import type { ConnectionFlags } from '../connection.ts';
import { addAskOptions, addConnectionOptions } from '../connection-options.ts';
import { installedOperations } from '../installed-operations.ts';
import { type ServerSession, withServer } from '../server-session.ts';
import { UsageError } from '../usage-error.ts';
import { applyPlan, listAll } from './apply-plan.ts';
import { exportedFields, exportState } from './export-state.ts';
import { type Plan, planChanges, type Shown } from './plan.ts';
import { readSetUp } from './read-set-up.ts';
import { type Resource, resourcesOf } from './resources.ts';
import { setUpSchema } from './set-up-schema.ts';
import { forMachines, showPlan, summaryOf } from './show-plan.ts';

interface ApplyFlags extends ConnectionFlags, AskFlags {
  readonly file?: string;
  readonly dryRun?: true;
  readonly prune?: true;
  readonly setSecrets?: true;
  readonly plainSecrets?: true;
  readonly export?: true;
  readonly schema?: true;
}

/** Make the server as a file says. */
export function applyCommand(context: CommandContext): Command {
  const command = new Command('apply')
    .description('Make tenants, accounts, storages and keys of the server as a file says')
    .option('-f, --file <file>', 'the set-up, YAML or JSON')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--prune', 'delete what is not in the file, of the kinds that it lists')
    .option('--set-secrets', 'send all secrets again: whether they changed nobody can tell')
    .option('--plain-secrets', 'take secrets that stand in the file itself')
    .option('--export', 'print what is there as such a file, without secrets')
    .option('--schema', 'print the JSON Schema of such a file, for editors');
  addConnectionOptions(command);
  addAskOptions(command, { isDestructive: true });
  command.option('--json', 'print the changes as JSON').addHelpText('after', HELP);
  return command.action(async () => {
    // The options above, and no others.
    const flags = command.opts() as ApplyFlags;
    const given = [flags.file, flags.export, flags.schema].filter((flag) => flag !== undefined);
    if (given.length !== 1) throw new UsageError('name a file with -f, or else take --export or --schema');
    const operations = await installedOperations('auto');
    if (flags.schema === true) {
      context.streams.stdout.write(`${JSON.stringify(setUpSchema(operations), null, 2)}\n`);
      context.finish(EXIT.ok);
      return;
    }
    const resources = resourcesOf(operations);
    const text = flags.file === undefined ? null : await read(flags.file);
    await withServer(flags, context, async (server) => {
      if (text === null) return await exported(server, { resources, json: flags.json === true }, context);
      return await applied(server, { resources, text, flags }, context);
    });
  });
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function exported(
  server: ServerSession,
  { resources, json }: { readonly resources: readonly Resource[]; readonly json: boolean },
  { streams }: CommandContext,
): Promise<ExitCode> {
  const there = await present(server, resources);
  if (json) streams.stdout.write(`${JSON.stringify(exportedFields(resources, there), null, 2)}\n`);
  else streams.stdout.write(exportState(resources, there));
  return EXIT.ok;
}

interface ApplyInput {
  readonly resources: readonly Resource[];
  readonly text: string;
  readonly flags: ApplyFlags;
}

async function applied(
  server: ServerSession,
  { resources, text, flags }: ApplyInput,
  context: CommandContext,
): Promise<ExitCode> {
  const { streams, env } = context;
  const setUp = readSetUp(text, {
    ...{ path: resolve(flags.file ?? ''), resources, env },
    tenantId: server.tenantId ?? 'default',
    plainSecrets: flags.plainSecrets === true,
  });
  const options = {
    ...{ prune: flags.prune === true, setSecrets: flags.setSecrets === true },
    tenantId: server.tenantId ?? null,
  };
  const there = await present(server, setUp.listed);
  const lacking = setUp.listed.filter(({ key }) => !there.has(key)).map(({ key }) => key);
  if (lacking.length > 0) throw new UsageError(`this server has no ${lacking.join(', ')}`);
  const plan = planChanges(setUp, there, options);
  const isJson = flags.json === true;
  if (!isJson) showPlan(plan, context);
  if (plan.impossible.length > 0 || flags.dryRun === true || plan.changes.length === 0) {
    if (isJson) print(plan, { done: 0, not_done: [], shown_once: [] }, context);
    return plan.impossible.length > 0 ? EXIT.refused : EXIT.ok;
  }
  if (!(await isConfirmed(`${summaryOf(plan.changes)}: do it?`, flags, context))) {
    streams.stderr.write('nothing was changed\n');
    return EXIT.refused;
  }
  const { done, shownOnce, failure } = await applyPlan(server, plan.changes);
  const notDone = plan.changes.slice(done).map(({ resource, name }) => `${resource.key} ${name}`);
  if (isJson) print(plan, { done, not_done: notDone, shown_once: shownOnce }, context);
  for (const { name, field, value } of isJson ? [] : shownOnce) {
    streams.stdout.write(`${name} ${field}: ${value} (shown this once)\n`);
  }
  if (failure === null) {
    if (!isJson) streams.stdout.write(`done: ${countOf(done)}\n`);
    return EXIT.ok;
  }
  const [failed, ...left] = notDone;
  const after = left.length === 0 ? '' : `, and after it nothing was done: ${left.join(', ')}`;
  streams.stderr.write(
    `${failed} failed; done before it: ${countOf(done)}${after}. Correct what is wrong and apply the file again\n`,
  );
  throw failure;
}

function countOf(done: number): string {
  return done === 1 ? '1 change' : `${done} changes`;
}

/** What is there of each kind; a server may lack some, as the community edition does. */
async function present(
  server: ServerSession,
  resources: readonly Resource[],
): Promise<ReadonlyMap<string, readonly Shown[]>> {
  const there = new Map<string, readonly Shown[]>();
  for (const resource of resources) {
    const items = await listAll(server, resource);
    if (items !== null) there.set(resource.key, items);
  }
  return there;
}

function print(plan: Plan, more: object, { streams }: CommandContext): void {
  streams.stdout.write(`${JSON.stringify({ ...forMachines(plan), ...more }, null, 2)}\n`);
}

const HELP = `
What the file does not name stays as it is: a field, a thing (unless --prune), a kind. A second run changes nothing.
Secrets are named, not written: { env: NAME } or { file: PATH }. They are sent where the server has none yet, and again
with --set-secrets. It stops at the first change that fails, and says what was made and what was not.

Examples:
  mail-proxy apply -f mail-proxy.yaml --dry-run
  mail-proxy apply -f mail-proxy.yaml --prune
  mail-proxy apply --export > mail-proxy.yaml
  mail-proxy apply --schema > mail-proxy.schema.json
`;
