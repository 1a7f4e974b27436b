// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Deployment } from 'kubernetes-models/apps/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Secret, Service } from 'kubernetes-models/v1';

/** The kinds that our manifests have, each with the schema of Kubernetes' own API. */
const MODELS = [ConfigMap, Deployment, PodDisruptionBudget, Secret, Service] as const;

interface Named {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
}

/** What Kubernetes would refuse, and the fields that it would silently drop. */
export function manifestProblems(manifest: Named): readonly string[] {
  const model = MODELS.find(({ apiVersion, kind }) => apiVersion === manifest.apiVersion && kind === manifest.kind);
  if (model === undefined) return [`${String(manifest.apiVersion)} ${String(manifest.kind)} is no kind that we know`];
  const seen = new Map<object, Set<string>>();
  try {
    // Not of a new model: that would be a copy, and copying reads every field.
    model.prototype.validate.call(watched(manifest, seen));
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  return unseenFields(manifest, seen);
}

/**
 * The same value, and a record of the fields that are read from it. The schemas allow more fields than they know; but
 * they are compiled to code that reads what it knows by name, so that a field it never reads is none.
 */
function watched<Value extends object>(value: Value, seen: Map<object, Set<string>>): Value {
  const read = seen.get(value) ?? new Set<string>();
  seen.set(value, read);
  return new Proxy(value, {
    get(target, name, receiver) {
      if (typeof name === 'string') read.add(name);
      const field: unknown = Reflect.get(target, name, receiver);
      return typeof field === 'object' && field !== null ? watched(field, seen) : field;
    },
  });
}

function unseenFields(value: object, seen: ReadonlyMap<object, ReadonlySet<string>>, path = ''): readonly string[] {
  return Object.entries(value).flatMap(([name, field]) => {
    const place = `${path}/${name}`;
    if (seen.get(value)?.has(name) !== true) return [`${place} is no field of its schema`];
    return typeof field === 'object' && field !== null ? unseenFields(field, seen, place) : [];
  });
}
