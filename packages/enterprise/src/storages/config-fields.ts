// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError, type StorageProblem, validate } from '@mail-proxy/core';
import * as v from 'valibot';
import { checkPrefix } from '../object-storage/object-key.ts';
import { checkBucket } from '../object-storage/storage-url.ts';

/** A bucket or container. */
export const bucket = v.pipe(
  v.string(),
  v.check(
    (name) => checkBucket(name) === null,
    (issue) => checkBucket(String(issue.input)) ?? '',
  ),
);

/** Slashes around it mean nothing. */
export const prefix = v.optional(
  v.pipe(
    v.string(),
    v.transform((text) => text.replace(/^\/+|\/+$/g, '')),
    v.check(
      (text) => checkPrefix(text) === null,
      (issue) => checkPrefix(String(issue.input)) ?? '',
    ),
  ),
  '',
);

/** What stands in headers or hosts: characters of ASCII that are seen. */
export const key = (max: number) =>
  v.pipe(
    v.string(),
    v.maxLength(max, `expected at most ${max} characters`),
    v.regex(/^[\x21-\x7e]+$/, 'expected characters without blanks'),
  );

/** Say what is wrong with a configuration, in words that never quote it. */
export function problemsOf(schema: v.GenericSchema, config: unknown): readonly StorageProblem[] {
  try {
    validate(schema, config);
    return [];
  } catch (error) {
    if (!isMailProxyError(error, 'invalid_input')) throw error;
    return error.problems;
  }
}
