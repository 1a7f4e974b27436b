// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { WaitingFor } from '../../api/shapes.ts';
import { waitingWords } from '../../format/waiting.ts';
import { Time } from '../../ui/time.tsx';

/** Why it is not sent now. */
export function WaitingNote({ waiting }: { readonly waiting: readonly WaitingFor[] }) {
  return (
    <div class="note note-wait">
      <ul>
        {waiting.map((one) => (
          <li key={one.kind + one.scope}>
            <strong>{waitingWords(one.kind)}</strong>
            {one.detail !== null && <>: {one.detail}</>}
            {one.until !== null && (
              <>
                , until <Time at={one.until} />
              </>
            )}
            {one.position !== null && <>, behind {one.position} others</>}
          </li>
        ))}
      </ul>
    </div>
  );
}
