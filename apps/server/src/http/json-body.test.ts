// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Base64Bytes } from '@mail-proxy/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonBody, readJsonBody } from './json-body.ts';
import { parseJsonObject } from './parse-json.ts';

/** Letters of a file that is long enough to be decoded as it comes. */
const LONG = Buffer.from(Array.from({ length: 9_001 }, (_, index) => index)).toString('base64');

/** Read a body that comes in pieces of these sizes, and the rest in one. */
function parseInPieces(text: string | Buffer, sizes: readonly number[]): unknown {
  const bytes = Buffer.from(text);
  const body = new JsonBody();
  let start = 0;
  for (const size of [...sizes, bytes.length]) {
    // As each read of a socket, in memory of its own.
    body.add(new Uint8Array(bytes.subarray(start, start + size)));
    start += size;
  }
  expect(body.byteLength).toBe(bytes.length);
  return body.parse();
}

/** How many files were decoded on the way. */
function decodedIn(value: unknown): number {
  if (value instanceof Base64Bytes) return 1;
  return typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, inner) => sum + decodedIn(inner), 0)
    : 0;
}

const oneFile = { attachments: [{ filename: 'a', storage_path: `base64:${LONG}` }] };

test.each([
  ['of a message', oneFile, 1],
  ['of several messages', { messages: [oneFile, { subject: 'none' }, oneFile, { attachments: [] }] }, 2],
  [
    'beside others',
    { attachments: [...oneFile.attachments, { storage_path: 'base64:QQ==' }, { storage_path: '/a' }] },
    1,
  ],
  ['that is none', { attachments: [{ storage_path: `base64:${LONG}!` }] }, 0],
  ['with letters of URLs', { attachments: [{ storage_path: `base64:-_${LONG.slice(2)}` }] }, 0],
  ['in lines', { attachments: [{ storage_path: `base64:${LONG.slice(0, 76)}\r\n${LONG.slice(76)}` }] }, 0],
  ['in another field', { text: `base64:${LONG}`, attachments: [{ filename: `base64:${LONG}` }] }, 0],
  ['as a key', { [`base64:${LONG}`]: `base64:${LONG}` }, 0],
  ['in a text about one', { text: `{"storage_path":"base64:${LONG}"} \\"base64:${LONG}\\\\` }, 0],
  ['in what is no list', { attachments: { storage_path: `base64:${LONG}` }, messages: 'base64:' }, 0],
])('a long file %s', (_, document, decoded) => {
  const text = JSON.stringify(document);
  for (const sizes of [[], [20], [text.length - 8_000], Array.from({ length: text.length / 7 }, () => 7)]) {
    const parsed = parseInPieces(text, sizes);
    expect(decodedIn(parsed)).toBe(decoded);
    expect(JSON.stringify(parsed)).toBe(text);
  }
});

test('a file is found wherever the pieces of the body end', () => {
  const text = JSON.stringify({ subject: 'a "quoted" \\', ...oneFile });
  const start = text.indexOf('"base64:');
  for (let at = start - 2; at <= start + 10; at++) {
    expect(decodedIn(parseInPieces(text, [at])), `in two at ${at}`).toBe(1);
    expect(decodedIn(parseInPieces(text, [at, 1, 1])), `in four at ${at}`).toBe(1);
  }
});

test('whatever a body holds and however it comes, it is read as by the parser', () => {
  const fragment = fc.constantFrom(
    '"base64:',
    '\\',
    '"',
    `${LONG}"`,
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"attachments"',
    'é',
    'base64:',
  );
  const broken = fc.array(fragment, { maxLength: 12 }).map((parts) => `{${parts.join('')}}`);
  const text = fc.oneof(fc.string({ unit: fragment, maxLength: 6 }), fc.constant(`base64:${LONG}`));
  const attachment = fc.record({ filename: text, storage_path: text, other: text }, { requiredKeys: [] });
  const message = fc.record({ subject: text, attachments: fc.array(attachment, { maxLength: 3 }) });
  const valid = fc
    .oneof(message, fc.record({ messages: fc.array(message, { maxLength: 3 }) }))
    .map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(fc.oneof(valid, broken), fc.array(fc.nat(30), { maxLength: 20 }), (body, sizes) => {
      expect(outcomeOf(() => parseInPieces(body, sizes))).toEqual(outcomeOf(() => parseJsonObject(Buffer.from(body))));
    }),
    { numRuns: 500 },
  );
});

/** What is read as JSON writes it, or why it is refused. */
function outcomeOf(read: () => unknown): unknown {
  try {
    return JSON.stringify(read());
  } catch (error) {
    return (error as Error).message;
  }
}

test.each([
  ['two files in the place of one', `{"attachments":[{"storage_path":"base64:${LONG}"base64:${LONG}"}]}`],
  ['an end within a file', `{"attachments":[{"storage_path":"base64:${LONG}`],
  ['an end where a file may start', `{"attachments":[{"storage_path":"base6`],
  ['a fault behind a file', `{"attachments":[{"storage_path":"base64:${LONG}"}]`],
  ['a forbidden key behind a file', `{"attachments":[{"storage_path":"base64:${LONG}","__proto__":{}}]}`],
])('%s is refused as by the parser', (_, text) => {
  const refusal = outcomeOf(() => parseJsonObject(Buffer.from(text)));
  expect(refusal).not.toContain('attachments":');
  expect(outcomeOf(() => parseInPieces(text, [30, 100]))).toEqual(refusal);
});

test('a body in more pieces than a call takes arguments is read', () => {
  const text = `{"attachments":[{"storage_path":"base64:${'A'.repeat(200_000)}!"}]}`;
  expect(
    JSON.stringify(
      parseInPieces(
        text,
        Array.from(text, () => 1),
      ),
    ),
  ).toBe(text);
});

test('of two values of one field the last counts, be it a file or not', () => {
  const file = `"storage_path":"base64:${LONG}"`;
  expect(parseInPieces(`{"attachments":[{${file},"storage_path":"/a"}]}`, [])).toEqual({
    attachments: [{ storage_path: '/a' }],
  });
  expect(decodedIn(parseInPieces(`{"attachments":[{"storage_path":"/a",${file}}]}`, []))).toBe(1);
});

test('a body that is not UTF-8 is refused', () => {
  const text = Buffer.concat([
    Buffer.from(`{"attachments":[{"storage_path":"base64:${LONG}"}],"a":"`),
    Buffer.from([0xff]),
    Buffer.from('"}'),
  ]);
  expect(() => parseInPieces(text, [])).toThrow('the body is not UTF-8');
});

test('what an embedding program sends as a stream stays its own', async () => {
  const text = JSON.stringify({ text: 'x'.repeat(100_000), number: 1_234_567_890 });
  const chunk = new Uint8Array(Buffer.from(text));
  const raw = new Request('http://test.invalid/', {
    method: 'POST',
    body: ReadableStream.from([chunk]),
    duplex: 'half',
  });
  const body = await readJsonBody({ raw, incoming: undefined }, 1_000_000);
  expect(JSON.stringify(body.parse())).toBe(text);
  expect(Buffer.from(chunk).toString()).toBe(text);
});
