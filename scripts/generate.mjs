// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Writes the files that are made of the code: `node --conditions=mail-proxy-source scripts/generate.mjs`. With --check it
// only says which of them differ from what would be written.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setUpSchema } from '../apps/server/src/cli/apply/set-up-schema.ts';
import { installedOperations } from '../apps/server/src/cli/installed-operations.ts';
import { cliReference } from '../apps/server/src/docs/cli-reference.ts';
import { settings } from '../apps/server/src/env/settings.ts';
import { FILE_VARIABLE } from '../apps/server/src/env/variables.ts';
import { findMixins } from '../apps/server/src/mixins.ts';
import { openApiDocument } from '../apps/server/src/openapi/document.ts';
import { clientSource, operationsSource, typesSource } from '../packages/client/codegen/client-source.mjs';
import { EVENT_TYPES } from '../packages/core/src/entities/message-event/message-event.table.ts';
import { coreOperations, createMailEngine, ERRORS, VERSION } from '../packages/core/src/index.ts';
import { configurationPage } from './pages/configuration-page.ts';
import { BLOCKS } from './pages/configuration-texts.ts';
import { errorsPage } from './pages/errors-page.mjs';
import { eventsPage } from './pages/events-page.mjs';
import { metricsPage } from './pages/metrics-page.mjs';
import { operationsPage } from './pages/operations-page.mjs';
import { ROOT } from './steps.mjs';

const COMMUNITY = 'docs/reference/openapi.json';
const ENTERPRISE = 'docs/reference/openapi.enterprise.json';

const check = process.argv.includes('--check');
const stale = [];

write(COMMUNITY, documentOf(coreOperations));
write('docs/reference/configuration.md', configurationPage(BLOCKS, settings(), [FILE_VARIABLE]));
write('docs/reference/errors.md', errorsPage(ERRORS));
// Without the enterprise package its document stays as it is, and the client is still made of it.
const installed = await installedOperations('auto');
if (installed.length > coreOperations.length) {
  write(ENTERPRISE, documentOf(installed));
  write('docs/reference/mail-proxy.schema.json', JSON.stringify(setUpSchema(installed)));
  write(
    'docs/reference/metrics.md',
    metricsPage(await metricsOf([]), await metricsOf((await findMixins('auto')).mixins)),
  );
  write('docs/reference/cli.md', cliReference(installed));
  write('docs/reference/operations.md', operationsPage(installed, coreOperations));
  const { mixins } = await findMixins('auto');
  write(
    'docs/reference/events.md',
    eventsPage(
      EVENT_TYPES,
      mixins.flatMap(({ eventTypes = [] }) => eventTypes),
    ),
  );
}
const document = JSON.parse(readFileSync(join(ROOT, ENTERPRISE), 'utf8'));
write('packages/client/src/generated/types.ts', await typesSource(document));
write('packages/client/src/generated/operations.ts', operationsSource(document));
write('packages/client/src/generated/resources.ts', clientSource(document));

if (check && stale.length > 0) {
  console.error(`not what the code makes of them:\n  ${stale.join('\n  ')}\nRun: npx -y pnpm@12 run generate`);
  process.exitCode = 1;
}

function documentOf(operations) {
  return JSON.stringify(openApiDocument(operations, { version: VERSION }));
}

async function metricsOf(mixins) {
  await using engine = await createMailEngine({ config: { database: ':memory:' }, mixins });
  return engine.metrics;
}

function write(path, source) {
  const text = formatted(path, source);
  const file = join(ROOT, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  stale.push(path);
  if (!check) writeFileSync(file, text);
}

/** As the linter wants it. */
function formatted(path, source) {
  if (path.endsWith('.md')) return source;
  const { status, stdout, stderr } = spawnSync('biome', ['format', `--stdin-file-path=${path}`], {
    cwd: ROOT,
    input: source,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`biome cannot format ${path}: ${stderr}`);
  return stdout;
}
