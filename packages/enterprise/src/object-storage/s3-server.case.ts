// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import S3rver from '@20minutes/s3rver';
import { tempDir } from '@mail-proxy/testkit';

/** The only account of the server. */
export const S3_ACCESS_KEY = 'S3RVER';
export const S3_SECRET_KEY = 'S3RVER';

/**
 * An S3-compatible server on loopback, which checks signatures; gone with its objects when it is disposed of. Other than
 * S3 it takes no signed URL with `'` in a parameter, so none for a file name beyond ASCII.
 */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
  /** Requests so far, such as `PUT /bucket/key?partNumber=1`, the query shortened to its first parameter. */
  readonly requests: string[];
  /** Parts of uploads that were answered. */
  readonly answered: number;
  /** Values of `x-amz-*` headers so far, and of the authorization. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>[];
  /** Called at each request before it is answered. */
  before: (line: string) => Promise<void>;
}

export async function startS3(...buckets: readonly string[]): Promise<S3Server> {
  const dir = tempDir();
  const server = new S3rver({
    ...{ address: '127.0.0.1', port: 0, silent: true, vhostBuckets: false, directory: dir.path },
    configureBuckets: buckets.map((name) => ({ name })),
  });
  const [requests, headers]: [S3Server['requests'], S3Server['headers']] = [[], []];
  const world = { before: async (_line: string) => {}, answered: 0 };
  // It would say to the standard error that nobody listens to its log.
  server.logger.silent = true;
  const answer = server.callback();
  server.callback = () => (request, response) => {
    const line = `${request.method} ${request.url?.replace(/&.*/, '')}`;
    requests.push(line);
    headers.push(request.headers);
    response.once('finish', () => {
      if (line.includes('partNumber')) world.answered += 1;
    });
    void world.before(line).then(() => answer(request, response));
  };
  const { port } = await server.run();
  return Object.assign(world, {
    ...{ endpoint: `http://127.0.0.1:${port}`, port, requests, headers },
    async [Symbol.asyncDispose]() {
      await server.close();
      dir[Symbol.dispose]();
    },
  });
}
