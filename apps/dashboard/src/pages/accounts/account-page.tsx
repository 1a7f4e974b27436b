// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import type { Account, Lane, Verified } from '../../api/shapes.ts';
import { LANE_TONES } from '../../format/lanes.ts';
import { formatCount } from '../../format/numbers.ts';
import { waitingWords } from '../../format/waiting.ts';
import type { PageProps } from '../../layout/page-props.ts';
import { isTest, may } from '../../session/session.ts';
import { useSession } from '../../session/use-session.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Limits } from '../../ui/limits.tsx';
import { Skeleton } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import { say } from '../../ui/toasts.tsx';
import { useLoad } from '../../ui/use-load.ts';
import { PauseDialog } from './pause-dialog.tsx';
import { VerifyResult } from './verify-result.tsx';

const EVERY_MS = 5_000;

/** One account: whether it sends, how much it may, and whether its relay lets it in. */
export function AccountPage({ params }: PageProps) {
  const { api } = useSession();
  const account_id = params['pk'] ?? '';
  const [verified, setVerified] = useState<Verified | null>(null);
  const [isPauseAsked, askPause] = useState(false);
  const { value, error, reload } = useLoad(
    `account ${account_id}`,
    async (signal) => {
      const [account, lanes] = await Promise.all([
        api.accounts.get({ account_id }, { signal }),
        // A test key does not see the lanes.
        isTest.value ? undefined : api.lanes.list({ account_id }, { signal }),
      ]);
      return { account, lane: lanes?.items[0] };
    },
    { everyMs: EVERY_MS },
  );
  const resume = async (): Promise<void> => {
    await api.accounts.resume({ account_id });
    say('Its mail goes on.');
    reload();
  };
  const verify = async (): Promise<void> => {
    setVerified(null);
    setVerified(await api.accounts.verify({ account_id }));
    reload();
  };
  const account = value?.account;
  return (
    <Page
      title={account?.id ?? 'Account'}
      back={{ href: '/accounts', label: 'Accounts' }}
      actions={
        may('accounts:write') &&
        account !== undefined && (
          <>
            {account.pause_kind !== null && (
              <Button look="primary" onClick={resume}>
                Resume
              </Button>
            )}
            {account.pause_kind !== 'manual' && <Button onClick={() => askPause(true)}>Pause</Button>}
            <Button onClick={verify}>Verify</Button>
          </>
        )
      }
    >
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {value === undefined && error === undefined && <Skeleton rows={6} />}
      {account !== undefined && <Pause account={account} />}
      {verified !== null && <VerifyResult result={verified} />}
      {account !== undefined && isPauseAsked && (
        <PauseDialog account={account} onClose={() => askPause(false)} onDone={reload} />
      )}
      {account !== undefined && (
        <div class="halves">
          <Section title="Sending">
            <Sending lane={value?.lane} account={account} />
          </Section>
          <Section title="Relay">
            <Relay account={account} />
          </Section>
        </div>
      )}
    </Page>
  );
}

function Pause({ account }: { readonly account: Account }) {
  const { pause_kind, paused_until, pause_reason, pause_failures } = account;
  if (pause_kind === null) return null;
  if (pause_kind === 'manual') {
    return (
      <div class="note note-wait">
        <p>
          <strong>Paused by hand</strong> until {paused_until === null ? 'it is resumed' : <Time at={paused_until} />}
          {pause_reason !== null && pause_reason.reply !== '' && `: ${pause_reason.reply}`}
        </p>
      </div>
    );
  }
  return (
    <div class="note note-wait">
      <p>
        <strong>Paused</strong>
        {paused_until !== null && (
          <>
            {' '}
            until <Time at={paused_until} />
          </>
        )}
        {pause_reason !== null && `: ${pause_reason.reply} (at ${pause_reason.stage.toUpperCase()})`}
        {pause_failures > 1 && `, ${pause_failures} times in a row`}. Then one message tries whether it works again.
      </p>
    </div>
  );
}

function Sending({ lane, account }: { readonly lane: Lane | undefined; readonly account: Account }) {
  if (lane === undefined) return <p class="quiet">Nothing is known of its lane.</p>;
  const messages = (standing: string) => `#/messages?standing=${standing}&account_id=${encodeURIComponent(account.id)}`;
  return (
    <Facts
      of={[
        ['State', <Badge tone={LANE_TONES[lane.state]}>{lane.state}</Badge>],
        ['Waits for', lane.waiting_for === null ? null : waitingWords(lane.waiting_for.kind)],
        ['Ready', <a href={messages('state:ready')}>{formatCount(lane.ready)}</a>],
        ['Deferred', <a href={messages('state:deferred')}>{formatCount(lane.deferred)}</a>],
        ['Held', <a href={messages('state:held')}>{formatCount(lane.held)}</a>],
        ['Running', formatCount(lane.running)],
        ['Connections', `${lane.connections} of ${account.max_connections}`],
        [
          'Last minute',
          `${lane.last_minute.sent} sent, ${lane.last_minute.deferred} deferred, ${lane.last_minute.failed} failed`,
        ],
        ['Limits used', lane.limits.length === 0 ? 'no limits' : <Limits of={lane.limits} />],
      ]}
    />
  );
}

function Relay({ account }: { readonly account: Account }) {
  return (
    <Facts
      of={[
        ['Tenant', account.tenant_id],
        ['Host', account.host === null ? null : `${account.host}:${account.port}`],
        ['Logs in as', account.user],
        ['TLS', account.tls],
        ['Default', account.is_default ? 'yes' : null],
        ['Over limit', account.limit_behavior],
        ['Weight', account.weight],
        ['Changed', <Time at={account.updated_at} />],
        ['Key here', <code>{account.pk}</code>],
      ]}
    />
  );
}
