// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Session, session } from './session.ts';

/** Who is logged in, on pages that are there for those only. */
export function useSession(): Session {
  const current = session.value;
  if (current === null || current === undefined) throw new Error('nobody is logged in');
  return current;
}
