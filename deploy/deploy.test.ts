// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// No cluster and no Docker: what is shipped here is held against the schemas of both, and against our server.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tempDir } from '@mail-proxy/testkit';
import { DCLinter } from 'dclint';
import { validate } from 'dockerfile-utils';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IConfigMap, ISecret, IService } from 'kubernetes-models/v1';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readServerConfig } from '../apps/server/src/env/read-config.ts';
import { EXIT } from '../apps/server/src/exit-codes.ts';
import { startServer } from '../apps/server/src/start-server.ts';
import { type ComposeFile, composeProblems, instancesOf } from './compose-rules.ts';
import { deploymentProblems, probesOf } from './deployment-rules.ts';
import { manifestProblems } from './manifest-problems.ts';
import { parseUnit, unitProblems } from './unit-rules.ts';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const textOf = (file: string): string => readFileSync(pathOf(file), 'utf8');

/** Which paths of the list a real server does not answer with 200. */
async function unanswered(
  paths: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  using dir = tempDir();
  const config = readServerConfig({ GMP_PORT: '0', GMP_DATA_DIR: dir.path, GMP_EDITION: 'community', ...env });
  await using server = await startServer(config);
  const answers = await Promise.all(
    paths.map(async (path) => ({ path, status: (await fetch(server.url + path)).status })),
  );
  return answers.filter(({ status }) => status !== 200).map(({ path }) => path);
}

describe('the manifests for Kubernetes', () => {
  const manifest = <Kind>(file: string): Kind => parse(textOf(`kubernetes/${file}`));
  // Parsed here and held against the schema of its kind below.
  const deployment = manifest<IDeployment>('deployment.yaml');
  const configMap = manifest<IConfigMap>('configmap.yaml');
  const secret = manifest<ISecret>('secret.yaml.example');

  test.each(readdirSync(pathOf('kubernetes')))('%s has nothing that Kubernetes would refuse or drop', (file) => {
    expect(manifestProblems(manifest(file))).toEqual([]);
  });

  test('name variables, settings, secrets and ports that exist, and leave a stop its time', () => {
    expect(deploymentProblems(deployment, { configMap, secret })).toEqual([]);
  });

  test('probe what the server answers', async () => {
    expect(await unanswered(probesOf(deployment).map(({ path }) => path))).toEqual([]);
  });

  test('mean the same pods everywhere', () => {
    const labels = deployment.spec?.template.metadata?.labels;
    expect(deployment.spec?.selector.matchLabels).toEqual(labels);
    expect(manifest<IService>('service.yaml').spec?.selector).toEqual(labels);
    expect(manifest<IPodDisruptionBudget>('pod-disruption-budget.yaml').spec?.selector?.matchLabels).toEqual(labels);
  });

  test('make a configuration that the server takes, and the example of the secret does not', () => {
    const secrets = {
      GMP_API_TOKEN: 'a-token-of-enough-length',
      GMP_METRICS_TOKEN: 'another-token-of-length',
      GMP_DATABASE_URL: 'postgres://mail_proxy@postgres/mail_proxy',
      GMP_ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
    };
    const settings = { GMP_HOST: '0.0.0.0', ...configMap.data };
    expect(readServerConfig({ ...settings, ...secrets }).engine.delivery?.stopDeadlineMs).toBe(30_000);
    for (const [name, key] of Object.entries({ GMP_API_TOKEN: 'api-token', GMP_ENCRYPTION_KEY: 'encryption-key' })) {
      const example = secret.stringData?.[key];
      expect(() => readServerConfig({ ...settings, ...secrets, [name]: example })).toThrow(name);
    }
  });

  test.each([
    ['a field by a wrong name', 'replicas: 3', 'replica: 3'],
    ['a field by a wrong name, deep inside', 'runAsNonRoot', 'runAsNonroot'],
    ['a value of a wrong type', 'replicas: 3', 'replicas: three'],
    ['a field that is missing', 'topologyKey: kubernetes.io/hostname', 'minDomains: 1'],
    ['an unknown kind', 'kind: Deployment', 'kind: Deploy'],
    ['a variable that the server does not know', 'GMP_INSTANCE_NAME', 'GMP_INSTANCE'],
    ['a key that the secret does not have', 'key: api-token', 'key: token'],
    ['settings of another name', 'configMapRef: { name: mail-proxy }', 'configMapRef: { name: mail }'],
    ['a stop that is cut short', 'terminationGracePeriodSeconds: 45', 'terminationGracePeriodSeconds: 40'],
    ['a probe at a port that is not there', 'path: /readyz, port: http', 'path: /readyz, port: web'],
  ])('with %s are refused', (_, right, wrong) => {
    const text = textOf('kubernetes/deployment.yaml');
    expect(text).toContain(right);
    const broken = parse(text.replace(right, wrong));
    expect([...manifestProblems(broken), ...deploymentProblems(broken, { configMap, secret })]).toHaveLength(1);
  });

  test('with a probe of a path that the server does not have are refused', async () => {
    expect(await unanswered(['/livez', '/readyz', '/healthz'])).toEqual(['/healthz']);
  });
});

interface LintResult {
  readonly messages: readonly { readonly message: string }[];
}

describe('the compose file', () => {
  const text = textOf('compose/compose.yaml');
  const composeOf = (source: string): ComposeFile => parse(source, { merge: true });
  const compose = composeOf(text);

  /** By the schema of compose files, and by rules of good practice but those on the order of keys and on quotes. */
  function lint(source: string): readonly string[] {
    using dir = tempDir();
    writeFileSync(dir.file('compose.yaml'), source);
    const off = ['service-keys-order', 'top-level-properties-order', 'no-quotes-in-volumes', 'require-quotes-in-ports'];
    const rules = Object.fromEntries(off.map((rule) => [rule, 0 as const]));
    const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] });
    // The library's own types do not resolve under nodenext.
    const results: readonly LintResult[] = linter.lintFiles([dir.file('compose.yaml')], false);
    return results.flatMap(({ messages }) => messages.map(({ message }) => message));
  }

  test('has nothing that Compose would refuse', () => {
    expect(lint(text)).toEqual([]);
  });

  test('names variables and secrets that exist, checks the health of each service, and leaves a stop its time', () => {
    expect(composeProblems(compose)).toEqual([]);
    expect(instancesOf(compose).size).toBeGreaterThan(1);
  });

  test('gives each instance a name of its own, and the load balancer knows them all', () => {
    const names = [...instancesOf(compose).keys()];
    expect([...instancesOf(compose).values()].map(({ environment }) => environment?.['GMP_INSTANCE_NAME'])).toEqual(
      names,
    );
    const balanced = [...textOf('compose/haproxy.cfg').matchAll(/^ {2}server (\S+) (\S+):8000$/gm)];
    expect(balanced.map(([, server, host]) => [server, host])).toEqual(names.map((name) => [name, name]));
  });

  test('asks for the health of what the server answers, as the image and the load balancer do', async () => {
    const sources = [text, textOf('../Dockerfile'), textOf('compose/haproxy.cfg')];
    const paths = sources.map((source) => /(?:127\.0\.0\.1:8000|httpchk GET )(\/\w+)/.exec(source)?.[1]);
    expect(paths).toEqual(['/readyz', '/readyz', '/readyz']);
    expect(await unanswered(['/readyz'])).toEqual([]);
  });

  test.each([
    ['a key by a wrong name', 'stop_grace_period: 45s', 'stop_grace: 45s'],
    ['a condition that does not exist', 'condition: service_healthy', 'condition: healthy'],
    ['a variable that the server does not know', 'GMP_API_TOKEN_FILE', 'GMP_TOKEN_FILE'],
    ['a secret that is nowhere', 'secrets: [api-token, ', 'secrets: [token, '],
    ['a stop that is cut short', 'stop_grace_period: 45s', 'stop_grace_period: 30s'],
    ['a health check by curl', 'CMD, wget, -q', 'CMD, curl, -q'],
    ['an image without a version', 'haproxy:3.2-alpine', 'haproxy'],
  ])('with %s is refused', (_, right, wrong) => {
    expect(text).toContain(right);
    const broken = text.replace(right, wrong);
    expect([...lint(broken), ...composeProblems(composeOf(broken))]).not.toEqual([]);
  });
});

describe('the script that makes the secrets', () => {
  const make = (folder: string): unknown => execFileSync(pathOf('compose/make-secrets.sh'), [folder]);

  test('makes each that the compose file hands out, and no other', () => {
    using dir = tempDir();
    make(dir.file('secrets'));
    const { secrets } = parse(textOf('compose/compose.yaml'), { merge: true }) as ComposeFile;
    expect(Object.values(secrets).map(({ file }) => file)).toEqual(
      Object.keys(secrets).map((name) => `./secrets/${name}`),
    );
    expect(readdirSync(dir.file('secrets'))).toEqual(Object.keys(secrets).toSorted());
    expect(statSync(dir.file('secrets')).mode & 0o777).toBe(0o700);
  });

  test('makes secrets that the server takes', async () => {
    using dir = tempDir();
    make(dir.file('secrets'));
    const at = (name: string): string => dir.file(`secrets/${name}`);
    const tokens = { GMP_API_TOKEN_FILE: at('api-token'), GMP_METRICS_TOKEN_FILE: at('metrics-token') };
    const { engine } = readServerConfig({ ...tokens, GMP_HOST: '0.0.0.0', GMP_DATABASE_URL_FILE: at('database-url') });
    const { password } = new URL(engine.database);
    expect(`${password}\n`).toBe(readFileSync(at('database-password'), 'utf8'));
    expect(await unanswered(['/readyz'], { ...tokens, GMP_ENCRYPTION_KEY_FILE: at('encryption-key') })).toEqual([]);
  });

  test('leaves what is there', () => {
    using dir = tempDir();
    const contents = (): readonly string[] =>
      readdirSync(dir.file('secrets')).map((name) => readFileSync(dir.file(`secrets/${name}`), 'utf8'));
    make(dir.file('secrets'));
    const first = contents();
    make(dir.file('secrets'));
    expect(contents()).toEqual(first);
  });
});

describe('the Dockerfile', () => {
  test('has no faults that a parser of Dockerfiles finds', () => {
    expect(validate(textOf('../Dockerfile')).map(({ message }) => message)).toEqual([]);
    expect(validate(textOf('../Dockerfile').replace('ENTRYPOINT', 'ENTRYPIONT'))).toHaveLength(1);
  });

  test('takes into the image that runs what another stage built, and nothing else', () => {
    const stages = textOf('../Dockerfile').split(/^(?=FROM )/m);
    const named = stages.flatMap((stage) => /^FROM .* AS (\S+)$/m.exec(stage)?.[1] ?? []);
    expect(named).toEqual(expect.arrayContaining(['build', 'runtime', 'community', 'enterprise']));
    const ofRuntime = stages.filter((stage) => /^FROM \S+ AS (runtime|community|enterprise)$/m.test(stage));
    const copies = ofRuntime.flatMap((stage) => stage.match(/^COPY .*$/gm) ?? []);
    expect(copies.length).toBeGreaterThan(0);
    for (const copy of copies) expect(named).toContain(/^COPY --from=(\S+) /.exec(copy)?.[1]);
    expect(ofRuntime.join('')).not.toMatch(/\b(npm|npx|pnpm|apt-get|curl|wget)\b(?!,)/);
  });

  test('runs as a user that is not root, by number', () => {
    expect(textOf('../Dockerfile')).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  });
});

describe('the unit for systemd', () => {
  const text = textOf('systemd/mail-proxy@.service');

  test('serves the instance of its name, leaves a stop its time, and is not started again where that changes nothing', () => {
    expect(unitProblems(parseUnit(text))).toEqual([]);
    expect([EXIT.usage, EXIT.config]).toEqual([2, 78]);
  });

  test('has nothing that systemd would refuse, and little that an intruder could use', () => {
    using dir = tempDir();
    // The program is elsewhere here.
    writeFileSync(dir.file('mail-proxy@test.service'), text.replace('/usr/local/bin/mail-proxy', process.execPath));
    const analyze = (...args: readonly string[]) =>
      spawnSync('systemd-analyze', [...args, dir.file('mail-proxy@test.service')], { encoding: 'utf8' });
    const verified = analyze('verify');
    // Not every machine has systemd.
    if (verified.error !== undefined) return;
    expect([verified.status, verified.stderr]).toEqual([0, '']);
    const judged = analyze('security', '--offline=yes', '--threshold=20');
    expect([judged.stdout.trim().split('\n').at(-1), judged.status]).toEqual([expect.stringContaining('OK'), 0]);
  });

  test.each([
    ['a variable that the server does not know', 'GMP_DRAIN_MS', 'GMP_DRAIN'],
    ['a stop that is cut short', 'TimeoutStopSec=40', 'TimeoutStopSec=35'],
    ['another command', 'serve %i', 'serve'],
    ['endless starts', 'RestartPreventExitStatus=2 78', 'RestartPreventExitStatus=2'],
  ])('with %s is refused', (_, right, wrong) => {
    expect(text).toContain(right);
    expect(unitProblems(parseUnit(text.replace(right, wrong)))).toHaveLength(1);
  });
});
