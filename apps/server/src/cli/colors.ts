// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import pc from 'picocolors';
import { type Environment, variableOf } from '../env/environment.ts';

/**
 * The colours of a stream: where it is a terminal, unless NO_COLOR is set; anywhere with FORCE_COLOR.
 *
 * @see https://no-color.org, https://force-color.org
 */
export function colorsOf(stream: { readonly isTTY?: boolean }, env: Environment): ReturnType<typeof pc.createColors> {
  return pc.createColors(hasColors(stream, env));
}

function hasColors({ isTTY }: { readonly isTTY?: boolean }, env: Environment): boolean {
  if (variableOf(env, 'NO_COLOR') !== undefined) return false;
  const forced = variableOf(env, 'FORCE_COLOR');
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTTY === true && env['TERM'] !== 'dumb';
}
