// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFile } from 'node:fs/promises';
import type { Streams } from './streams.ts';
import { UsageError } from './usage-error.ts';

/**
 * Read the whole input of an operation: JSON as it stands, `@file`, or `-` for standard input.
 *
 * @throws {UsageError}
 */
export async function readData(given: string, stdin: Streams['stdin']): Promise<Readonly<Record<string, unknown>>> {
  const text = given === '-' ? await readAll(stdin) : given.startsWith('@') ? await readNamed(given.slice(1)) : given;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--data holds no JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new UsageError('--data takes a JSON object');
}

/**
 * Read a complete mail: `@file`, or `-` for standard input.
 *
 * @throws {UsageError}
 */
export async function readMail(given: string, stdin: Streams['stdin']): Promise<Uint8Array<ArrayBuffer>> {
  if (given !== '-' && !given.startsWith('@')) throw new UsageError('--mail takes @file, or - for standard input');
  return Uint8Array.from(given === '-' ? await readBytes(stdin) : await readFileOf('--mail', given.slice(1)));
}

async function readNamed(path: string): Promise<string> {
  return (await readFileOf('--data', path)).toString('utf8');
}

/**
 * Read a file as it is.
 *
 * @param flag - or whatever a complaint should name
 * @throws {UsageError}
 */
export async function readFileOf(flag: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`${flag} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function readAll(stdin: Streams['stdin']): Promise<string> {
  return (await readBytes(stdin)).toString('utf8');
}

/** Read standard input to its end. */
export async function readBytes(stdin: Streams['stdin']): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
