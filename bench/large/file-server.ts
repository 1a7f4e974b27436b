// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';

/** A server of large files, each with other bytes. */
export interface FileServer extends AsyncDisposable {
  readonly url: string;
}

const PIECE_BYTES = 65_536;

export async function startFileServer(sizeBytes: number): Promise<FileServer> {
  const server = createServer((request, response) => {
    response.setHeader('content-length', sizeBytes);
    Readable.from(piecesOf(request.url ?? '', sizeBytes)).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function* piecesOf(name: string, sizeBytes: number): Generator<Buffer> {
  const seed = createHash('sha256').update(name).digest();
  const piece = Buffer.alloc(PIECE_BYTES, seed);
  for (let left = sizeBytes; left > 0; left -= PIECE_BYTES) yield piece.subarray(0, Math.min(left, PIECE_BYTES));
}
