// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { formatCount } from '../../format/numbers.ts';
import { may } from '../../session/session.ts';
import { useSession } from '../../session/use-session.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Skeleton } from '../../ui/list.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import { say } from '../../ui/toasts.tsx';
import { useLoad } from '../../ui/use-load.ts';

/** How far a tenant has been told. */
export function ReportingState({ tenantId }: { readonly tenantId: string }) {
  const { api } = useSession();
  const { value, error, reload } = useLoad(
    `reporting ${tenantId}`,
    (signal) => api.tenants.reporting({ tenant_id: tenantId }, { signal }),
    { everyMs: 5_000 },
  );
  const enable = async (): Promise<void> => {
    await api.tenants.enableReporting({ tenant_id: tenantId });
    say('The endpoint is called again.');
    reload();
  };
  return (
    <Section title="State">
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {value === undefined && error === undefined && <Skeleton />}
      {value !== undefined && (
        <Facts
          of={[
            [
              'Endpoint',
              value.enabled ? (
                <Badge tone={value.failures > 0 ? 'bad' : 'good'}>{value.failures > 0 ? 'failing' : 'answers'}</Badge>
              ) : (
                <>
                  <Badge tone="quiet">not called</Badge>{' '}
                  {value.disabled_at !== null && may('tenant:write') && <Button onClick={enable}>Call it again</Button>}
                </>
              ),
            ],
            ['Waiting', `${formatCount(value.waiting)} events`],
            ['Oldest', value.oldest_waiting_at === null ? null : <Time at={value.oldest_waiting_at} />],
            ['Told up to', `number ${formatCount(value.acked_seq)} of ${formatCount(value.last_seq)}`],
            ['Failing since', value.failing_since === null ? null : <Time at={value.failing_since} />],
            ['Last error', value.last_error],
            ['Next call', value.next_attempt_at === null ? null : <Time at={value.next_attempt_at} />],
            ['Last call', value.last_sync_at === null ? null : <Time at={value.last_sync_at} />],
          ]}
        />
      )}
    </Section>
  );
}
