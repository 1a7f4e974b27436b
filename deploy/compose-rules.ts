// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { stopProblems, variableProblems } from './server-rules.ts';

/** The part of a compose file that our rules read. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

interface ComposeService {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  /** As `45s`. */
  readonly stop_grace_period?: string;
}

/** What the schema of compose files cannot know: whether the parts fit together, and fit the server. */
export function composeProblems(compose: ComposeFile): readonly string[] {
  return Object.entries(compose.services).flatMap(([name, service]) =>
    [
      ...healthProblems(service),
      ...secretProblems(service, Object.keys(compose.secrets)),
      ...(isInstance(service) ? instanceProblems(service) : []),
    ].map((problem) => `${name}: ${problem}`),
  );
}

/** The services that run our server, by name. */
export function instancesOf({ services }: ComposeFile): ReadonlyMap<string, ComposeService> {
  return new Map(Object.entries(services).filter(([, service]) => isInstance(service)));
}

function isInstance({ image }: ComposeService): boolean {
  return image.startsWith('mail-proxy:');
}

function instanceProblems({ environment = {}, stop_grace_period: grace = '10s' }: ComposeService): readonly string[] {
  return [
    ...variableProblems(Object.keys(environment)),
    ...stopProblems({
      graceS: Number(grace.replace(/s$/, '')),
      settings: environment,
    }),
  ];
}

function healthProblems({ healthcheck }: ComposeService): readonly string[] {
  if (healthcheck === undefined) return ['nothing tells whether it is healthy'];
  return healthcheck.test.includes('curl') ? ['its image has no curl'] : [];
}

function secretProblems(
  { secrets = [], environment = {} }: ComposeService,
  known: readonly string[],
): readonly string[] {
  const files = Object.values(environment).filter((value) => value.startsWith('/run/secrets/'));
  return [
    ...secrets.filter((name) => !known.includes(name)).map((name) => `there is no secret ${name}`),
    ...files
      .filter((file) => !secrets.includes(file.slice('/run/secrets/'.length)))
      .map((file) => `nobody mounts ${file}`),
  ];
}
