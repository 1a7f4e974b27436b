// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Uses what would be published as others would: installs the archives that scripts/check-packages.mjs made into an empty
// project, outside of the repository, and sends mail with them. First the community edition, with a look for anything in
// it that is under the other licence; then with the enterprise package beside it.
// `node --conditions=mail-proxy-source scripts/test-packages.mjs`
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  globSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { spawnServer, startSmtpSink } from '../packages/testkit/src/index.ts';
import { PNPM } from './pnpm.mjs';
import { ROOT } from './steps.mjs';

const run = promisify(execFile);
const ARCHIVES = join(ROOT, '.cache', 'packages');
const HAS_ENTERPRISE = existsSync(join(ROOT, 'packages/enterprise/package.json'));
const COMMUNITY = ['client', 'core', 'server'];

const project = mkdtempSync(join(tmpdir(), 'mail-proxy-packages-'));
await using sink = await startSmtpSink();
try {
  await step('the community edition is installed', () => install(COMMUNITY));
  await step('nothing in it is under the other licence', noOtherLicence);
  await step('the engine sends a mail, embedded', () => embed('order-1', '[]'));
  await step('the server sends a mail, by its command line', () => serve('community', 'order-2'));
  await step('the server refuses to be the enterprise edition', refusesEnterprise);
  if (HAS_ENTERPRISE) {
    await step('the enterprise package is installed beside it', () => install([...COMMUNITY, 'enterprise']));
    await step('its mixins load, embedded', () => embed('order-3', "(await import('@mail-proxy/enterprise')).mixins"));
    await step('the server is the enterprise edition', () => serve('enterprise', null));
    await step('its own commands run', ownCommands);
  }
  const expected = HAS_ENTERPRISE ? [1, 2, 3] : [1, 2];
  deepEqual(
    sink.messages.map(({ raw }) => /^Subject: order-(\d)/m.exec(raw.toString())?.[1]),
    expected.map(String),
  );
} finally {
  rmSync(project, { recursive: true, force: true });
}

async function step(name, action) {
  const begin = performance.now();
  await action();
  console.log(`${((performance.now() - begin) / 1_000).toFixed(1).padStart(5)} s  ${name}`);
}

/** As a user would, but for where our own packages come from: they are not published yet. */
async function install(names) {
  const archives = Object.fromEntries(names.map((name) => [`@mail-proxy/${name}`, `file:${archiveOf(name)}`]));
  const { '@mail-proxy/client': _, ...wanted } = archives;
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies: wanted }));
  const overrides = Object.entries(archives).map(([name, from]) => `  '${name}': ${from}\n`);
  writeFileSync(join(project, 'pnpm-workspace.yaml'), `overrides:\n${overrides.join('')}`);
  const [program, ...args] = [...PNPM, 'install', '--no-frozen-lockfile', '--prefer-offline', '--reporter=append-only'];
  // Whatever this repository's own run says to pnpm is not said to the project.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|pnpm_)/i.test(name)));
  await run(program, args, { cwd: project, env: { ...env, CI: 'true' } });
  deepEqual(
    readdirSync(join(project, 'node_modules/@mail-proxy')).toSorted(),
    names.filter((name) => name !== 'client').toSorted(),
  );
}

function archiveOf(name) {
  const archive = join(ARCHIVES, `mail-proxy-${name}.tgz`);
  ok(existsSync(archive), `${archive} is not there: run the checks "build" and "packages" first`);
  return archive;
}

function noOtherLicence() {
  // pnpm has each package once, beside what it depends on.
  const folders = globSync('node_modules/.pnpm/@mail-proxy+*/node_modules/@mail-proxy/*', { cwd: project })
    .map((path) => join(project, path))
    .filter((path) => !lstatSync(path).isSymbolicLink());
  deepEqual(folders.map((path) => basename(path)).toSorted(), COMMUNITY);
  for (const folder of folders) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const texts = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    ok(texts.length > 20);
    equal(
      texts.find((text) => /SPDX-License-Identifier: BUSL|Business Source License/.test(text)),
      undefined,
    );
    match(readFileSync(join(folder, 'LICENSE'), 'utf8'), /Apache License/);
    match(readFileSync(join(folder, 'NOTICE'), 'utf8'), /^mail-proxy\nCopyright/);
  }
}

async function embed(subject, mixins) {
  writeFileSync(
    join(project, 'embed.js'),
    `import { createMailEngine } from '@mail-proxy/core';
const told = Promise.withResolvers();
const mixins = ${mixins};
await using engine = await createMailEngine({
  config: { database: './embed-${subject}.db' },
  reportSink: async (events) => told.resolve(events[0].event),
  mixins,
});
await engine.execute('accounts.create', { id: 'relay', host: '127.0.0.1', port: ${sink.port} });
await engine.start();
await engine.submit([
  { id: 'a', from: 'shop@example.com', to: 'anna@example.net', subject: '${subject}', text: 'It is on its way.' },
]);
console.log(await told.promise, mixins.length > 0, engine.operations.some(({ name }) => name === 'mailboxes.list'));
`,
  );
  const { stdout } = await run(process.execPath, ['embed.js'], { cwd: project, timeout: 60_000 });
  equal(stdout, mixins === '[]' ? 'sent false false\n' : 'sent true true\n');
}

/** @param subject Of a mail that is sent over it; null for none, where it was seen before that it sends. */
async function serve(edition, subject) {
  const dataDir = join(project, edition);
  const entry = join(project, 'node_modules/@mail-proxy/server/bin/mail-proxy.js');
  await using server = await spawnServer({
    ...{ cwd: project, entry, isBuilt: true },
    env: { GMP_PORT: '0', GMP_DATA_DIR: dataDir, GMP_EDITION: 'auto' },
  });
  const headers = { authorization: `Bearer ${readFileSync(join(dataDir, 'token'), 'utf8').trim()}` };
  equal((await (await fetch(`${server.url}/v1/instance`, { headers })).json()).edition, edition);
  match(await (await fetch(server.url)).text(), /<script type="module"/);
  equal((await fetch(`${server.url}/readyz`)).status, 200);
  const mailboxes = await fetch(`${server.url}/v1/mailboxes?tenant_id=default`, { headers });
  equal(mailboxes.status, edition === 'enterprise' ? 200 : 404);
  if (subject === null) return;
  const relay = ['--host', '127.0.0.1', '--port', String(sink.port), '--tls', 'none'];
  await mailProxy(dataDir, 'accounts', 'create', '--id', 'relay', ...relay);
  const mail = ['--from', 'shop@example.com', '--to', 'anna@example.net', '--subject', subject, '--text', 'Hi.'];
  await mailProxy(dataDir, 'send', ...mail, '--wait');
}

/** By its name in the project, as a user would call it. */
async function mailProxy(dataDir, ...args) {
  const env = { ...process.env, GMP_DATA_DIR: dataDir };
  const options = { cwd: project, env, timeout: 60_000 };
  return (await run(join(project, 'node_modules/.bin/mail-proxy'), args, options)).stdout;
}

async function refusesEnterprise() {
  const env = { ...process.env, GMP_PORT: '0', GMP_DATA_DIR: join(project, 'refused'), GMP_EDITION: 'enterprise' };
  const entry = join(project, 'node_modules/.bin/mail-proxy');
  const end = await run(entry, ['serve'], { cwd: project, env, timeout: 60_000 }).catch((error) => error);
  equal(end.code, 78);
  match(`${end.stdout}${end.stderr}`, /mixin_required|enterprise edition is demanded/);
}

async function ownCommands() {
  for (const command of ['mail-proxy-bounces', 'mail-proxy-pec']) {
    const { stdout } = await run(join(project, 'node_modules/.bin', command), ['--help'], { cwd: project });
    match(stdout, new RegExp(command));
  }
}
