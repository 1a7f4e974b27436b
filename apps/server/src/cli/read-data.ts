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

async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--data cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function readAll(stdin: Streams['stdin']): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
