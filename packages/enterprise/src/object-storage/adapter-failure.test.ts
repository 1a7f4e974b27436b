// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { toStorageFailure } from './adapter-failure.ts';

/** As the S3 client says it, and files-sdk hands it on. */
function answered(name: string, httpStatusCode: number): Error {
  const said = Object.assign(new Error(`the server quotes ${SECRET}`), { name, $metadata: { httpStatusCode } });
  return Object.assign(new Error('it failed', { cause: said }), { name: 'FilesError', code: 'Provider' });
}

const SECRET = 'AKIASECRET';

test.each([
  ['NoSuchBucket', 404, 'not_found', 'permanent'],
  ['AuthorizationHeaderMalformed', 400, 'misconfigured', 'permanent'],
  ['AccessDenied', 403, 'no_access', 'temporary'],
  ['RequestTimeTooSkewed', 403, 'no_access', 'temporary'],
  ['ExpiredToken', 400, 'no_access', 'temporary'],
  ['RequestTimeout', 400, 'timeout', 'temporary'],
  ['NoSuchUpload', 404, 'unavailable', 'temporary'],
  ['BadDigest', 400, 'unavailable', 'temporary'],
  ['SlowDown', 503, 'unavailable', 'temporary'],
])('%s with %i is %s, which is %s, and quotes nobody', (name, status, code, permanence) => {
  const failure = toStorageFailure(answered(name, status));
  expect(failure).toMatchObject({ code, permanence, reason: expect.stringContaining(name) });
  expect(String(failure)).not.toContain(SECRET);
});
