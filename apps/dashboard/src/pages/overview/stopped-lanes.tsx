// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Lane } from '../../api/shapes.ts';
import { LANE_TONES } from '../../format/lanes.ts';
import { pauseWords, waitingWords } from '../../format/waiting.ts';
import { ofTenant } from '../../session/tenant.ts';
import { useSession } from '../../session/use-session.ts';
import { Badge } from '../../ui/badge.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Skeleton } from '../../ui/list.tsx';
import { Section } from '../../ui/section.tsx';
import { useLoad } from '../../ui/use-load.ts';

const MOST = 6;
const EVERY_MS = 10_000;

/** Accounts whose mail does not go, and why: the first few of each kind. */
export function StoppedLanes() {
  const { api } = useSession();
  const { value, error, reload } = useLoad(
    `stopped lanes ${JSON.stringify(ofTenant())}`,
    async (signal) => {
      const [paused, waiting] = await Promise.all([
        api.lanes.list({ ...ofTenant(), state: 'paused', limit: MOST }, { signal }),
        api.lanes.list({ ...ofTenant(), state: 'waiting', limit: MOST }, { signal }),
      ]);
      return [...paused.items, ...waiting.items];
    },
    { everyMs: EVERY_MS },
  );
  return (
    <Section title="Lanes that wait" actions={<a href="#/lanes">All lanes</a>}>
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {value === undefined && error === undefined && <Skeleton />}
      {value?.length === 0 && <p class="quiet">All accounts send, or have nothing to send.</p>}
      <ul class="rows">
        {value?.map((lane) => (
          <li key={lane.account_pk}>
            <a class="id" href={`#/accounts/${lane.account_pk}`}>
              {lane.account_id}
            </a>{' '}
            <span class="quiet">{lane.tenant_id}</span> <Badge tone={LANE_TONES[lane.state]}>{lane.state}</Badge>
            <p class="quiet">{reasonOf(lane)}</p>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function reasonOf({ pause, waiting_for }: Lane): string {
  if (pause !== null) return pause.kind === 'manual' ? `Paused ${pauseWords(pause)}` : pauseWords(pause);
  return waiting_for === null ? '' : waitingWords(waiting_for.kind);
}
