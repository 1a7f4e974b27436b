// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { isKeyObject, keyOfText } from '../secrets/key-text.ts';

/** Base64 of 32 bytes, or a key object. Comes out as an object, which nothing that prints a configuration shows. */
export const encryptionKey = v.pipe(
  v.custom<string | KeyObject>(
    (value) => (typeof value === 'string' ? keyOfText(value) !== null : isKeyObject(value)),
    'expected the base64 text of 32 bytes',
  ),
  v.transform((value): KeyObject => {
    const key = typeof value === 'string' ? keyOfText(value) : value;
    if (key === null) throw new TypeError('a key that was checked is none');
    return key;
  }),
);

/** What is parsed is read-only, and may be parsed again; valibot's arrays take none such. */
export const encryptionKeys = v.pipe(
  v.custom<readonly (string | KeyObject)[]>((value) => Array.isArray(value), 'expected a list of keys'),
  v.transform((list) => [...list]),
  v.array(encryptionKey),
);

/** A program and its arguments. */
export const encryptionKeyCommand = v.pipe(
  v.custom<readonly string[]>(
    (value) =>
      Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string' && each !== ''),
    'expected a program and its arguments, as a list of texts',
  ),
  v.transform((list): readonly string[] => [...list]),
);
