// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// What the guides show is held against what there is: commands and their flags, requests, answers, set-up files. Their
// TypeScript is compiled with everything else (scripts/check-types.mjs).
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { type AnyOperation, coreOperations, createMailEngine } from '@mail-proxy/core';
import { tempDir } from '@mail-proxy/testkit';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readSetUp } from '../src/cli/apply/read-set-up.ts';
import { resourcesOf } from '../src/cli/apply/resources.ts';
import { leavesOf } from '../src/cli/command-tree.ts';
import { createProgram } from '../src/cli/program.ts';
import { GENRO_VARIABLES } from '../src/env/genro-variables.ts';
import { OTHER_VARIABLES, VARIABLES } from '../src/env/variables.ts';
import { findMixins } from '../src/mixins.ts';
import { serveApp } from './served-app.case.ts';
import { type ShellCommand, shellCommands } from './shell-commands.ts';

const ROOT = new URL('../../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const SCRIPTS = Object.keys(JSON.parse(textOf('package.json')).scripts);
/** Paths that no operation has. */
const OTHER_PATHS = ['/docs', '/livez', '/metrics', '/openapi.json', '/readyz'];

/** A certificate, as a guide writes it. */
const SHORTENED = '-----BEGIN CERTIFICATE-----\\n…';

interface Sample {
  readonly where: string;
  readonly language: string;
  readonly text: string;
  /** Of a block of JSON: what it is, as the comment above it says. */
  readonly is: string | undefined;
}

const operations = await allOperations();
const isCommunity = operations.length === coreOperations.length;
const GUIDES = readdirSync(new URL('docs/guide', ROOT)).map((name) => `docs/guide/${name}`);
const PAGES = ['README.md', 'CONTRIBUTING.md', 'packages/client/README.md', ...GUIDES];
/** Pages that show what this edition does not have. */
const NOT_HERE = new Set(PAGES.filter((page) => isCommunity && /^The enterprise edition/m.test(textOf(page))));
const isHere = ({ where }: { readonly where: string }): boolean => !NOT_HERE.has(where.split(':')[0] ?? '');
const SAMPLES = PAGES.flatMap(samplesOf);
const ofLanguage = (language: string): readonly Sample[] => SAMPLES.filter((sample) => sample.language === language);
const COMMANDS = ofLanguage('sh').flatMap(({ where, text }) => shellCommands(text).map((words) => ({ where, words })));

describe('shell samples', () => {
  test('are shell', () => {
    const scripts = ofLanguage('sh').map(({ text }) => text);
    expect(scripts.length).toBeGreaterThan(100);
    expect(() => execFileSync('bash', ['-n'], { input: scripts.join('\n'), stdio: 'pipe' })).not.toThrow();
  });

  const own = COMMANDS.flatMap(({ where, words }) => {
    const rest = wordsOfMailProxy(words);
    return rest === null ? [] : [{ where, words: rest }];
  });

  test('call commands that exist, with their arguments and flags', () => {
    const streams = { stdout: { write: () => true }, stderr: { write: () => true }, stdin: Readable.from([]) };
    const context = { env: {}, streams, finish: () => undefined, serve: async () => 0 as const };
    expect(own.length).toBeGreaterThan(100);
    const leaves = leavesOf(createProgram(context, operations));
    const problems = own.filter(isHere).map(({ where, words }) => {
      return [where, words.join(' '), problemOfCommand(words, leaves)];
    });
    expect(problems.filter(([, , problem]) => problem !== null)).toEqual([]);
  });

  test('call each command that works on the database itself', () => {
    const called = new Set(own.map(({ words }) => words[0]));
    for (const name of ['migrate', 'export', 'import', 'import-genro', 'backup', 'restore']) {
      expect(called).toContain(name);
    }
  });

  test('make requests that the server takes', () => {
    const calls = COMMANDS.flatMap(({ where, words }) => {
      const call = httpCallOf(words);
      return call === null ? [] : [{ where, call }];
    });
    expect(calls.length).toBeGreaterThan(60);
    const problems = calls
      .filter(isHere)
      .map(({ where, call }) => [where, call.method, call.path, problemOfCall(call)]);
    expect(problems.filter(([, , , problem]) => problem !== null)).toEqual([]);
  });

  test('call scripts of the repository that exist', () => {
    const called = COMMANDS.filter(({ words }) => words[0] === 'npx' && words[2] === 'pnpm@12').map(({ words }) =>
      words.slice(3).find((word) => !word.startsWith('-') && word !== 'run'),
    );
    expect(called.length).toBeGreaterThan(5);
    for (const script of called) expect([...SCRIPTS, 'install']).toContain(script);
    const files = COMMANDS.flatMap(({ words }) => words).filter((word) =>
      /^(deploy|scripts|examples)\/[\w./@-]+$/.test(word),
    );
    for (const file of files) expect([file, existsSync(new URL(file, ROOT))]).toEqual([file, true]);
  });

  test.each([
    ['mail-proxy accounts crate --id a', 'unknown command'],
    ['mail-proxy accounts create --idd a', 'unknown flags: --idd'],
    ['mail-proxy accounts get', 'too few arguments'],
    ['mail-proxy accounts get a b', 'too many arguments'],
  ])('%s would be found', (line, problem) => {
    const context = {
      env: {},
      streams: { stdout: { write: () => true }, stderr: { write: () => true }, stdin: Readable.from([]) },
      finish: () => undefined,
      serve: async () => 0 as const,
    };
    const words = wordsOfMailProxy(shellCommands(line)[0] ?? []) ?? [];
    expect(problemOfCommand(words, leavesOf(createProgram(context, coreOperations)))).toBe(problem);
  });

  test.each([
    [`api $URL/v1/acounts -d '{}'`, 'no such path'],
    [`api $URL/v1/accounts -d '{"id": "a", "hostt": "b"}'`, 'hostt'],
    [`api -X PUT $URL/v1/accounts -d '{"id": "a"}'`, 'no such path'],
    [`api $URL/v1/accounts -d '{"id": "a"'`, 'JSON'],
  ])('%s would be found', (line, problem) => {
    const call = httpCallOf(shellCommands(line)[0] ?? []);
    expect(call === null ? null : problemOfCall(call)).toContain(problem);
  });
});

test('what the quick start says is so', async () => {
  await using app = await serveApp();
  await app.engine.start();
  // Up to the part that needs a relay of the reader's.
  const [, part = ''] = /## 2\.([\s\S]*?)## 4\./.exec(textOf('docs/guide/quick-start.md')) ?? [];
  const calls = [...part.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => shellCommands(block))
    .flatMap((words) => httpCallOf(words) ?? []);
  expect(calls.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET', 'GET']);
  const [account, message, read, mails] = calls.map(
    ({ method, path, body }) =>
      () =>
        app.call(method, path, body === null ? {} : { json: JSON.parse(body) }),
  );
  expect((await account?.())?.status).toBe(201);
  expect((await message?.())?.status).toBe(202);
  await expect.poll(async () => (await read?.())?.json).toMatchObject({ state: 'final', result: 'sent' });
  expect((await mails?.())?.json).toMatchObject({ items: [{ subject: 'Your order' }] });
});

describe('samples of JSON', () => {
  const report = v.object({ delivery_report: v.array(v.looseObject({ event_id: v.string(), seq: v.number() })) });
  const answer = v.strictObject({
    ok: v.boolean(),
    queued: v.optional(v.number()),
    next_sync_after: v.nullish(v.number()),
    error: v.optional(v.array(v.string())),
    not_found: v.optional(v.array(v.string())),
    messages: v.optional(v.array(v.unknown())),
  });

  test.each(
    ofLanguage('json')
      .filter(isHere)
      .map(({ where, text, is }) => [where, is, text] as const),
  )('%s: %s', (_, is, text) => {
    const json: unknown = JSON.parse(text);
    if (is === 'report') return void v.parse(report, json);
    if (is === 'answer to a report') return void v.parse(answer, json);
    // The input or output of an operation, or a field of it, or one of the things in the list of a field.
    const [, name = '', part, field, isOne] = /^(\w[\w.-]*) (input|output)(?: (\w+)(\[\])?)?$/.exec(is ?? '') ?? [];
    const operation = operations.find((each) => each.name === name);
    expect([is, operation?.name]).toEqual([is, name]);
    const schema = part === 'output' ? operation?.output : operation?.input;
    const input = field === undefined ? json : { ...requiredOf(name), [field]: isOne ? [json] : json };
    expect(problemOf(schema, input)).toBe(null);
  });
});

describe('settings', () => {
  test('that the guides name are known to the server', () => {
    const known = new Set<string>([...VARIABLES.map(({ name }) => name), ...OTHER_VARIABLES, ...GENRO_VARIABLES]);
    const given = GUIDES.flatMap((page) =>
      [...textOf(page).matchAll(/(?:\b(GMP_[A-Z_]+)=|`(GMP_[A-Z_]+)`)/g)].map(([, set, named]) => ({
        page,
        name: set ?? named ?? '',
      })),
    );
    expect(given.length).toBeGreaterThan(100);
    expect(given.filter(({ name }) => !known.has(name))).toEqual([]);
  });
});

describe('samples of JavaScript', () => {
  test.each(ofLanguage('js').map(({ where, text }) => [where, text] as const))('%s', (_, text) => {
    // Parses, and leaves what has no types as it is.
    expect(stripTypeScriptTypes(text)).toBe(text);
  });
});

describe('samples of YAML', () => {
  test.each(ofLanguage('yaml').map(({ where, text }) => [where, text] as const))('%s', (_, text) => {
    const yaml: unknown = parse(text);
    expect(yaml).toEqual(expect.any(Object));
    if (!/^(tenants|accounts):/m.test(text)) return;
    using dir = tempDir();
    const env: Record<string, string> = {};
    for (const [, name = ''] of text.matchAll(/\{ env: (\w+) \}/g)) env[name] = 'a-secret';
    for (const [, path = ''] of text.matchAll(/\{ file: ([^ }]+) \}/g)) {
      mkdirSync(dirname(dir.file(path)), { recursive: true });
      writeFileSync(dir.file(path), path.endsWith('.pem') ? privateKey() : 'a-secret');
    }
    const options = { resources: resourcesOf(operations), env, tenantId: 'default', plainSecrets: false };
    expect(readSetUp(text, { path: dir.file('mail-proxy.yaml'), ...options }).wanted.length).toBeGreaterThan(0);
  });
});

/** Blocks of code, with the comment right above them. */
function samplesOf(page: string): readonly Sample[] {
  const text = textOf(page);
  return [...text.matchAll(/(?:<!-- sample: (.+?) -->\n+)?^( *)```(\w+)\n(.*?)^ *```$/gms)].map((match) => {
    const [, is, indent = '', language = '', block = ''] = match;
    const line = text.slice(0, match.index).split('\n').length;
    return { where: `${page}:${line}`, language, is, text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), '') };
  });
}

/** What stands behind `mail-proxy`; null where the command is another one. */
function wordsOfMailProxy(words: ShellCommand): ShellCommand | null {
  const at = words.findIndex((word) => word === 'mail-proxy' || word.endsWith('/mail-proxy'));
  if (at === -1 || !(at === 0 || ['npx', 'node', 'sudo'].includes(words[0] ?? ''))) return null;
  return words.slice(at + 1);
}

function problemOfCommand(words: ShellCommand, leaves: ReturnType<typeof leavesOf>): string | null {
  if (words.length === 1 && ['--help', '--version'].includes(words[0] ?? '')) return null;
  if (words[0] === 'help') return null;
  const candidates = leaves.filter((each) => each.words.every((word, at) => word === words[at]));
  const leaf = candidates.toSorted((a, b) => b.words.length - a.words.length)[0];
  if (leaf === undefined) return 'unknown command';
  const { operands, unknown } = leaf.command.parseOptions(words.slice(leaf.words.length));
  const flags = unknown.filter((word) => word.startsWith('-') && word !== '--help');
  if (flags.length > 0) return `unknown flags: ${flags.join(' ')}`;
  const { registeredArguments: known } = leaf.command;
  // What an operation wants in its path is asked for at a terminal, and so is said in its usage alone.
  const usage = /^\[options\]((?: <[\w-]+>)+)$/.exec(leaf.command.usage())?.[1] ?? '';
  const required = usage.split('<').length - 1;
  const isTerminal = words.length === leaf.words.length && ASKING.has(leaf.words.join(' '));
  if (operands.length < required && !isTerminal && !unknown.includes('--help')) return 'too few arguments';
  if (operands.length > known.length && !known.some(({ variadic }) => variadic)) return 'too many arguments';
  return null;
}

/** Shown without their arguments, since they ask for them. */
const ASKING = new Set(['accounts create']);

interface HttpCall {
  readonly method: string;
  readonly path: string;
  /** Null where there is none, or one that the sample takes from elsewhere. */
  readonly body: string | null;
  readonly isElsewhere: boolean;
}

/** Of `curl`, and of the `api` that the guides define with it. */
function httpCallOf(words: ShellCommand): HttpCall | null {
  if (words[0] !== 'api' && words[0] !== 'curl') return null;
  const url = words.find((word) => /^(\$URL|\$url|https?:\/\/(127\.0\.0\.1|localhost)[^/]*)\//.test(word));
  if (url === undefined) return null;
  const valueBehind = (...flags: readonly string[]): string | undefined =>
    words[words.findIndex((word) => flags.includes(word)) + 1 || words.length];
  const data = valueBehind('-d', '--data', '--data-binary');
  const isElsewhere = data?.startsWith('@') === true || words.includes('-F');
  const method = valueBehind('-X') ?? (data === undefined && !isElsewhere ? 'GET' : 'POST');
  const path = url.replace(/^(\$URL|\$url|https?:\/\/[^/]+)/, '');
  return { method, path, body: isElsewhere ? null : (data ?? null), isElsewhere };
}

function problemOfCall({ method, path, body, isElsewhere }: HttpCall): string | null {
  const [pathname = '', query = ''] = path.split('?');
  if (OTHER_PATHS.includes(pathname)) return null;
  const found = operations
    .filter(({ http }) => http.method === method)
    .map((operation) => ({ operation, match: patternOf(operation).exec(pathname) }))
    .toSorted((a, b) => a.operation.http.path.split('{').length - b.operation.http.path.split('{').length)
    .find(({ match }) => match !== null);
  if (found === undefined) return 'no such path';
  if (isElsewhere) return null;
  let json: unknown = {};
  try {
    if (body !== null) json = JSON.parse(body.replaceAll(SHORTENED, JSON.stringify(rootCertificates[0]).slice(1, -1)));
  } catch (error) {
    return `no JSON: ${error}`;
  }
  const input = { ...Object.fromEntries(new URLSearchParams(query)), ...Object(json), ...found.match?.groups };
  return problemOf(found.operation.input, input);
}

function patternOf({ http }: AnyOperation): RegExp {
  return new RegExp(`^${http.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}

function problemOf(schema: v.GenericSchema | undefined, input: unknown): string | null {
  if (schema === undefined) return 'no such schema';
  const { issues } = v.safeParse(schema, input);
  return issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`).join('; ') ?? null;
}

async function allOperations(): Promise<readonly AnyOperation[]> {
  const { mixins } = await findMixins('auto');
  await using engine = await createMailEngine({ config: { database: ':memory:' }, mixins });
  return engine.operations;
}

/** What an operation wants besides the field that is shown. */
function requiredOf(name: string): Readonly<Record<string, string>> {
  if (name === 'messages.create')
    return { id: 'a', from: 'a@example.com', to: 'b@example.com', subject: 's', text: '.' };
  return { tenant_id: 'shop' };
}

function privateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
