// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** From here on operators and embedding code meet them, and no client does. */
const FIRST_OF_OPERATORS = 'invalid_config';

/** The page on error codes, in the order of the code. */
export function errorsPage(errors) {
  const rows = Object.entries(errors).map(([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |\n`);
  const at = Object.keys(errors).indexOf(FIRST_OF_OPERATORS);
  return `# Error codes

Failures are answered as \`application/problem+json\` (RFC 9457). Decide by \`code\`, which is stable; \`detail\` is for people.
Where fields are wrong, \`errors\` lists them, each with a JSON \`pointer\` and a \`message\`. Embedding code gets the same as a
\`MailProxyError\` with \`code\` and \`problems\`.

A 422 comes again for the same request, a 409 until the resource has changed. A 429 and a 503 pass: repeat the request, with
the same message ids, after the seconds of \`Retry-After\`. After a 500, a \`database_unavailable\`, an \`overloaded\` or
a broken connection a message may have been accepted or not; repeating it with its id settles that.

A 403 says in \`detail\` what is missing: the scope, the sender in From or in the envelope, the address that a key is not for,
or a live key where a test key was used. A 429 is of an account's or tenant's rate limit, of a key's \`rate_per_minute\`
(\`scope\` is \`key\`), of an address from which too many wrong tokens came, or of a tenant that has too many requests under way at
once; each says \`Retry-After\`. \`overloaded\` is the same for the server as a whole: mostly before anything of the request is
looked at, at times half-way through its body, of which nothing is taken then, or while messages wait to be stored. Then
those of a batch that were stored before stay accepted, unless it came with a key.
Things of other tenants answer exactly as things that do not exist: \`not_found\`.

The tables are made of \`packages/core/src/errors.ts\`. What to do about the most frequent ones stands in
[Troubleshooting](../guide/troubleshooting.md).

${table(rows.slice(0, at))}
## Of operators and embedding code

These come when an engine starts or works, and not to clients.

${table(rows.slice(at))}`;
}

function table(rows) {
  return `| code | status | title |\n| --- | --- | --- |\n${rows.join('')}`;
}
