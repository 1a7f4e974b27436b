// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IConfigMap, ISecret } from 'kubernetes-models/v1';
import { stopProblems, variableProblems } from './server-rules.ts';

/** What the deployment refers to. */
export interface Referred {
  readonly configMap: IConfigMap;
  readonly secret: ISecret;
}

/** What the schema of Kubernetes cannot know: whether the parts fit together, and fit the server. */
export function deploymentProblems(deployment: IDeployment, { configMap, secret }: Referred): readonly string[] {
  const pod = deployment.spec?.template.spec;
  const [container] = pod?.containers ?? [];
  if (pod === undefined || container === undefined) return ['there is no container'];
  const settings = configMap.data ?? {};
  const ports = (container.ports ?? []).map(({ name }) => name);
  return [
    ...variableProblems([...Object.keys(settings), ...(container.env ?? []).map(({ name }) => name)]),
    ...(container.env ?? []).flatMap(({ valueFrom }) => missingSecret(valueFrom?.secretKeyRef, secret)),
    ...(container.envFrom ?? []).flatMap(({ configMapRef }) =>
      missingName(configMapRef?.name, configMap.metadata?.name),
    ),
    ...stopProblems({
      graceS: pod.terminationGracePeriodSeconds ?? 30,
      settings,
    }),
    ...probesOf(deployment).flatMap(({ port }) => (ports.includes(port) ? [] : [`no port has the name ${port}`])),
  ];
}

/** Where each probe asks. */
export function probesOf(deployment: IDeployment): readonly { readonly path: string; readonly port: string }[] {
  const [container] = deployment.spec?.template.spec?.containers ?? [];
  const probes = [container?.startupProbe, container?.livenessProbe, container?.readinessProbe];
  return probes.map((probe) => ({ path: probe?.httpGet?.path ?? '', port: String(probe?.httpGet?.port ?? '') }));
}

interface SecretKey {
  readonly name?: string;
  readonly key: string;
}

function missingSecret(wanted: SecretKey | undefined, { metadata, stringData = {} }: ISecret): readonly string[] {
  if (wanted === undefined) return [];
  const wrongName = missingName(wanted.name, metadata?.name);
  return wanted.key in stringData ? wrongName : [...wrongName, `the secret has no key ${wanted.key}`];
}

function missingName(wanted: string | undefined, given: string | undefined): readonly string[] {
  return wanted === given ? [] : [`${wanted} is referred to, and ${given} is there`];
}
