// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';

/** The output of an operation that answers with one value after the other, as many as there are. */
export function linesOf<Line extends v.GenericSchema>(_line: Line) {
  return v.custom<AsyncIterable<v.InferOutput<Line>>>(isAsyncIterable, 'expected values one after the other');
}

/** The output of an operation that answers with bytes, piece by piece. */
export const piecesOfBytes = v.custom<AsyncIterable<Uint8Array>>(isAsyncIterable, 'expected pieces of bytes');

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
