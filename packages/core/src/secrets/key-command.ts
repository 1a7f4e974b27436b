// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFile } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { MailProxyError } from '../errors.ts';
import { parseKeys } from './key-text.ts';

/** A vault that has not answered by then is away. */
const TIMEOUT_MS = 10_000;
/** More than any list of keys has. */
const MAX_OUTPUT_BYTES = 16_384;

/**
 * Ask a program for the keys: what it writes is read like a key file. It is run without a shell, and nothing that it
 * writes is ever shown, on stderr neither.
 *
 * @param command - the program, then its arguments
 * @throws {MailProxyError} `invalid_config` when it fails, takes too long or writes no key
 */
export async function readKeyCommand([program = '', ...args]: readonly string[]): Promise<readonly KeyObject[]> {
  return parseKeys(await outputOf(program, args), `what ${program} writes`);
}

function outputOf(program: string, args: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = {
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    windowsHide: true,
  } as const;
  const child = execFile(program, args, options, (error, stdout) => {
    if (error === null) resolve(stdout);
    // Not the error itself, not even as a cause: it carries the arguments and what was written.
    else
      reject(new MailProxyError('invalid_config', { detail: `the encryption key command ${program} ${whyOf(error)}` }));
  });
  // A program that waits for input gets its end.
  child.stdin?.end();
  return promise;
}

function whyOf({ code, killed, signal }: { code?: unknown; killed?: boolean; signal?: unknown }): string {
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `wrote more than ${MAX_OUTPUT_BYTES} bytes`;
  if (killed === true) return `did not end within ${TIMEOUT_MS / 1_000} s`;
  if (typeof code === 'number') return `failed with exit code ${code}; run it by hand to see why`;
  if (typeof code === 'string') return `cannot be run (${code})`;
  return `was ended by ${typeof signal === 'string' ? signal : 'a signal'}`;
}
