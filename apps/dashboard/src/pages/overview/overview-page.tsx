// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { formatCount, formatDuration, formatRate } from '../../format/numbers.ts';
import { isAdmin, may } from '../../session/session.ts';
import { ofTenant } from '../../session/tenant.ts';
import { useSession } from '../../session/use-session.ts';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Skeleton } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { Section } from '../../ui/section.tsx';
import { Tile } from '../../ui/tile.tsx';
import { useLoad } from '../../ui/use-load.ts';
import { InstanceState } from './instance-state.tsx';
import { QueueDepth } from './queue-depth.tsx';
import { StoppedLanes } from './stopped-lanes.tsx';
import { Throughput } from './throughput.tsx';
import { WaitingTable } from './waiting-table.tsx';

const MINUTES = 60;
const EVERY_MS = 4_000;

/** How it goes at this moment, and in the last hour. */
export function OverviewPage() {
  const { api } = useSession();
  const input = { ...ofTenant(), minutes: MINUTES };
  const { value, error, reload } = useLoad(
    `stats ${JSON.stringify(input)}`,
    (signal) => api.stats.get(input, { signal }),
    { everyMs: EVERY_MS },
  );
  return (
    <Page title="Overview">
      {isAdmin.value && <InstanceState />}
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {value === undefined && error === undefined && <Skeleton rows={6} />}
      {value !== undefined && (
        <>
          <div class="tiles">
            <Tile name="Waiting" value={formatCount(value.waiting.total)} href="/messages?standing=open" />
            <Tile name="Sent" value={formatRate(value.rates.sent)} unit="/min" />
            <Tile name="Accepted" value={formatRate(value.rates.accepted)} unit="/min" />
            <Tile name="Deferred" value={formatRate(value.rates.deferred)} unit="/min" />
            <Tile name="Failed" value={formatRate(value.rates.failed)} unit="/min" />
            <Tile name="Longest due" value={ageOf(value.oldest_due_at, value.now)} />
            <Tile
              name="Reports behind"
              value={value.report_lag_ms === 0 ? 'none' : formatDuration(value.report_lag_ms)}
            />
          </div>
          <div class="halves">
            <Section title="Queue depth" note="The last 60 minutes; live">
              <QueueDepth waiting={value.waiting} series={value.series} />
            </Section>
            <Section title="Throughput" note="Messages in each of the last 60 minutes; live">
              <Throughput series={value.series} />
            </Section>
          </div>
          <div class="halves">
            <WaitingTable waiting={value.waiting} />
            {may('accounts:read') && <StoppedLanes />}
          </div>
        </>
      )}
    </Page>
  );
}

function ageOf(at: string | null, now: string): string {
  return at === null ? 'none' : formatDuration(Date.parse(now) - Date.parse(at));
}
