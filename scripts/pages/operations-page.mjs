// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

const WHO = { admin: 'operator', token: 'any token', public: 'anybody' };

/** The page on operations: of each its path, who may call it, and its command. */
export function operationsPage(all, core) {
  const known = new Set(core.map(({ name }) => name));
  const resources = [...new Set(all.map(({ name }) => resourceOf(name)))];
  const parts = resources.map((resource) => {
    const operations = all.filter(({ name }) => resourceOf(name) === resource);
    return `## ${resource}\n\n${operations.every(({ name }) => !known.has(name)) ? 'With the enterprise edition.\n\n' : ''}${table(operations)}`;
  });
  return `# Operations

Everything that can be done, over HTTP, by the command line and in code: \`execute('${all[0]?.name}', input)\`. Made of the code. The
fields of each are in [openapi.json](openapi.json), [with the enterprise edition](openapi.enterprise.json) in the other one, at \`/docs\`
of a running server, and in the help of its command ([all of them](cli.md)).

*Who* is the [scope](../guide/keys-and-tenants.md#scopes) that a tenant's key needs; the operator may call everything.

${parts.join('\n')}`;
}

function table(operations) {
  const rows = operations.map(
    ({ name, summary, http, access, scope }) =>
      `| ${summary} | \`${http.method} ${http.path}\` | \`${name.replace('.', ' ')}\` | ${scope === undefined ? WHO[access] : `\`${scope}\``} |\n`,
  );
  return `| what | HTTP | command | who |\n| --- | --- | --- | --- |\n${rows.join('')}`;
}

function resourceOf(name) {
  return name.slice(0, name.indexOf('.'));
}
