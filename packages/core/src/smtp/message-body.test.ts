// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { bytesOf, piecesOf, TestSource } from './byte-source.case.ts';
import { CHUNK_BYTES } from './dot-stuffing.ts';
import {
  announcedBytes,
  headOf,
  isLastLineWhole,
  isSevenBit,
  joinParts,
  readBody,
  streamedBody,
} from './message-body.ts';

const source = (text = 'some octets'): TestSource => new TestSource(Buffer.from(text));

describe('joinParts', () => {
  test('without a source it is one buffer', () => {
    const body = joinParts(['ä', 'b\r\n', Buffer.from('c'), 'd', Buffer.from('e')]);
    expect(body).toEqual(Buffer.from('äb\r\ncde'));
    expect(joinParts([])).toEqual(Buffer.of());
  });

  test('what stands between two sources is one buffer, and nothing is none', () => {
    const [first, second] = [source(), source()];
    const body = joinParts(['a', Buffer.from('b'), 'c', first, second, 'd', Buffer.from('e')]);
    expect(body).toMatchObject({ parts: [Buffer.from('abc'), first, second, Buffer.from('de')] });
  });
});

describe('a message with a source', () => {
  test('can be read again and again, each time from its start', async () => {
    const file = source();
    const body = joinParts(['a\r\n', file, '\r\nb\r\n']);
    const wanted = `a\r\n${Buffer.from('some octets').toString('base64')}\r\nb\r\n`;
    expect((await bytesOf(body)).toString()).toBe(wanted);
    expect((await bytesOf(body)).toString()).toBe(wanted);
    expect(body.byteLength).toBe(wanted.length);
    expect(file).toMatchObject({ readings: 2, open: 0 });
  });

  test('comes in chunks for the socket, whatever its parts are', async () => {
    const body = streamedBody([Buffer.alloc(200_000, 'x'), new TestSource(Buffer.alloc(200_000)), Buffer.from('\r\n')]);
    const sizes = (await piecesOf(readBody(body))).map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThan(CHUNK_BYTES + 78);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(body.byteLength);
  });

  test.each([
    ['a\r\n', '\r\nb\r\n', true, true],
    ['ä\r\n', '\r\nb\r\n', false, true],
    ['a\r\n', '\r\nb', true, false],
    ['a\r\n', '', true, false],
  ])('between %j and %j says without being read: 7-bit %s, last line whole %s', (before, after, sevenBit, whole) => {
    const file = source();
    const body = joinParts([before, file, after]);
    expect(isSevenBit(body)).toBe(sevenBit);
    expect(isLastLineWhole(body)).toBe(whole);
    expect(announcedBytes(body)).toBe(body.byteLength + (whole ? 0 : 2));
    expect(file.readings).toBe(0);
  });

  test('has its fields in front of what is read, in however many parts', () => {
    const file = source('\r\n\r\n');
    expect(headOf(streamedBody([Buffer.from('A: 1\r\n'), Buffer.from('B: ü\r\n\r\nx'), file]))).toBe(
      'A: 1\r\nB: ü\r\n',
    );
    expect(headOf(Buffer.from('A: 1\r\n\r\nB: 2\r\n\r\n'))).toBe('A: 1\r\n');
    expect(headOf(Buffer.from('A: 1\r\n'))).toBe('A: 1\r\n');
    expect(file.readings).toBe(0);
  });

  test('in memory is measured as it is', () => {
    expect(announcedBytes(Buffer.from('a\r\n'))).toBe(3);
    expect(announcedBytes(new Uint8Array([0x61]))).toBe(3);
    expect(isSevenBit(Buffer.from('ä'))).toBe(false);
  });
});

describe('lines that lie elsewhere', () => {
  const text = `.a line\r\n${'x'.repeat(100_000)}\r\n`;

  test('go as they are, in chunks for the socket, and are whole', async () => {
    const lines = source(text);
    const body = streamedBody([Buffer.from('A: b\r\n\r\n'), { lines, isAscii: true }]);
    expect([isLastLineWhole(body), isSevenBit(body), body.byteLength]).toEqual([true, true, text.length + 8]);
    expect(lines.readings).toBe(0);
    const pieces = await piecesOf(readBody(body));
    expect(Buffer.concat(pieces).toString()).toBe(`A: b\r\n\r\n${text}`);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(CHUNK_BYTES);
  });

  test('say that they need 8BITMIME', () => {
    expect(isSevenBit(streamedBody([{ lines: source(), isAscii: false }]))).toBe(false);
  });

  test('fail where they are more or fewer than was said', async () => {
    const lines = new TestSource(Buffer.from('a\r\n'), { sizeBytes: 4 });
    await expect(bytesOf(streamedBody([{ lines, isAscii: true }]))).rejects.toThrow('a source of 4 bytes gave 3');
  });
});
