// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AttachmentFailure } from '../attachment-failure.ts';
import { openFilesystem } from '../sources/filesystem.ts';
import { openStored } from '../sources/storage.ts';
import { createLocalStorage } from '../storages/local.ts';
import { type FilesWorld, openFiles, SECRET, textOf } from './files-world.case.ts';

/** All that lies inside says so. */
const INSIDE = 'inside';

/** A tree in which most walks lead somewhere, with links of all kinds in each folder, also out of it. */
function plant(files: FilesWorld): void {
  files.folder('sub/sub');
  files.link('sub/sub/sub', '../..');
  for (const folder of ['.', 'sub', 'sub/sub']) {
    for (const name of ['a.pdf', 'ü.pdf', 'back\\slash']) files.write(`${folder}/${name}`, INSIDE);
    files.link(`${folder}/to-file`, `${files.inside}/sub/a.pdf`);
    files.link(`${folder}/to-secret`, files.secret);
    files.link(`${folder}/chain`, 'to-secret');
    files.link(`${folder}/up`, '..');
    files.link(`${folder}/out`, files.outside);
    files.link(`${folder}/root`, '/');
    files.link(`${folder}/circle`, 'circle');
  }
  symlinkSync(files.inside, `${files.outside}/sub`);
  symlinkSync('secret', `${files.outside}/a.pdf`);
}

const FOLDERS = ['sub', 'sub', 'sub', 'up', 'out', 'root', 'inside', 'outside', 'circle'];
const FILES = ['a.pdf', 'a.pdf', 'ü.pdf', 'u\u0308.pdf', 'to-file', 'chain', 'to-secret', 'secret', 'back\\slash'];
const ODD = ['..', '..', '.', '', '%2e%2e', '..%2f', '..\\', '．．', '~', '\0', 'a.pdf\0'];

/** Mostly walks that may lead somewhere: folders, links to folders and ways up, and a file at the end. */
function walks(files: FilesWorld): fc.Arbitrary<string> {
  const odd = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...ODD) },
    { weight: 1, arbitrary: fc.constantFrom(files.inside.slice(1), files.secret.slice(1)) },
    { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
  );
  const step = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...FOLDERS) }, { weight: 1, arbitrary: odd });
  const last = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...FILES) }, { weight: 1, arbitrary: odd });
  const separator = fc.oneof(
    { weight: 8, arbitrary: fc.constant('/') },
    { weight: 1, arbitrary: fc.constantFrom('//', '/./', '/../', '\\') },
  );
  return fc
    .tuple(fc.array(step, { maxLength: 4 }), last, separator)
    .map(([steps, end, between]) => [...steps, end].join(between));
}

function paths(files: FilesWorld): fc.Arbitrary<string> {
  const starts = [files.inside, files.inside, files.inside, files.outside, '', '.'];
  return fc.tuple(fc.constantFrom(...starts), walks(files)).map(([start, walk]) => `${start}/${walk}`);
}

/** Counts what came of the attempts, so that a property which tried nothing is found out. */
class Tally {
  inside = 0;
  /** Attempts in which nothing but the containment kept the secret. */
  kept = 0;

  async add(text: string | null, path: string): Promise<void> {
    if (text === INSIDE) this.inside += 1;
    else if ((await unguarded(path)) === SECRET) this.kept += 1;
  }
}

async function unguarded(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // What the system refuses needs no containment.
    return null;
  }
}

/** What is found, or null where nothing may be. Anything but a failure of the attachment is a bug. */
async function found(open: Promise<Parameters<typeof textOf>[0]>): Promise<string | null> {
  try {
    return await textOf(await open);
  } catch (error) {
    if (error instanceof AttachmentFailure) return null;
    throw error;
  }
}

function stored(files: FilesWorld, basePath: string, path: string): ReturnType<typeof openStored> {
  return openStored(`files:${path}`, {
    tenantId: 'acme',
    maxBytes: 1_000,
    signal: new AbortController().signal,
    backends: [createLocalStorage([files.inside])],
    openStorage: async () => ({ protocol: 'local', config: { base_path: basePath } }),
  });
}

test('whatever a path says, nothing outside of the root is read', async () => {
  using files = openFiles();
  plant(files);
  const tally = new Tally();
  await fc.assert(
    fc.asyncProperty(paths(files), async (path) => {
      const text = await found(openFilesystem(path, [files.inside]));
      expect([null, INSIDE]).toContain(text);
      await tally.add(text, path);
    }),
    { numRuns: 1_000 },
  );
  expect(tally.inside).toBeGreaterThan(5);
  expect(tally.kept).toBeGreaterThan(5);
});

test('whatever a storage and a path in it say, nothing outside of the root is read', async () => {
  using files = openFiles();
  plant(files);
  const tally = new Tally();
  const likely = fc.constantFrom(files.inside, `${files.inside}/sub`, `${files.inside}/out`);
  const bases = fc.oneof({ weight: 4, arbitrary: likely }, paths(files));
  await fc.assert(
    fc.asyncProperty(bases, fc.oneof({ weight: 4, arbitrary: walks(files) }, paths(files)), async (basePath, path) => {
      const text = await found(stored(files, basePath, path));
      expect([null, INSIDE]).toContain(text);
      await tally.add(text, `${basePath}/${path}`);
    }),
    { numRuns: 1_000 },
  );
  expect(tally.inside).toBeGreaterThan(5);
  expect(tally.kept).toBeGreaterThan(5);
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('whatever is swapped at whatever moment, nothing outside of the root is read', async () => {
  using files = openFiles();
  const folder = files.folder('sub');
  const path = files.write('sub/secret', INSIDE);
  const swap = (what: string, target: string) => {
    renameSync(what, `${what}-before`);
    symlinkSync(target, what);
  };
  const swapBack = (what: string) => {
    unlinkSync(what);
    renameSync(`${what}-before`, what);
  };
  const texts = new Set<string | null>();
  for (let round = 0; round < 600; round += 1) {
    const reads = [found(openFilesystem(path, [files.inside])), found(stored(files, folder, 'secret'))];
    const [what, target] = round % 2 === 0 ? [folder, files.outside] : [path, files.secret];
    // A read takes some of these turns for each of its steps: each round swaps a little later within them.
    await turns(round % 40);
    swap(what, target);
    await turns(10);
    swapBack(what);
    for (const text of await Promise.all(reads)) texts.add(text);
  }
  expect(texts).not.toContain(SECRET);
  expect(texts).toContain(null);
});
