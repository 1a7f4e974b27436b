// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, systemClock } from '@mail-proxy/core';
import { Command } from 'commander';
import type { Environment } from '../../env/environment.ts';
import { isLoopback } from '../../env/loopback.ts';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { configPath } from '../../instances/instance.ts';
import { colorsOf } from '../colors.ts';
import type { CommandContext } from '../command-context.ts';
import { type ConnectionFlags, connect } from '../connection.ts';
import { addConnectionOptions } from '../connection-options.ts';
import { findTarget } from '../instance-target.ts';
import { CallFailed, onServer, type ServerSession } from '../server-session.ts';
import { checkDomain, checkReverse } from './check-domain.ts';
import { checkDatabase, checkFiles } from './check-files.ts';
import { accountsToCheck, checkRelays } from './check-relays.ts';
import { checkReach, checkServer } from './check-server.ts';
import { type DnsResolver, isPublic, systemResolver } from './dns.ts';
import { domainsToCheck } from './domains-to-check.ts';
import { type Finding, findings } from './finding.ts';
import { countText, renderFindings } from './render-findings.ts';

interface DoctorFlags extends ConnectionFlags {
  readonly tenantId?: string;
  readonly accountId?: string;
  readonly from?: readonly string[];
  readonly dnsServer?: string;
  readonly config?: string;
  readonly strict?: true;
  readonly json?: true;
}

/** What commands of tests give; the machine's own otherwise. */
export interface DoctorWorld {
  readonly clock: Clock;
  readonly resolver?: DnsResolver;
}

type Tell = (found: readonly Finding[]) => void;

const MAX_ACCOUNTS = 50;

/** Look for what keeps mail from leaving or arriving. */
export function doctorCommand(context: CommandContext, world: DoctorWorld = { clock: systemClock }): Command {
  const command = new Command('doctor')
    .description(
      'Look for what is wrong: the server, its files, its relays, and the DNS of the domains that mail is from',
    )
    .option('--tenant-id <tenant-id>', 'relays and domains of this tenant only')
    .option('--account-id <account-id>', 'this relay only')
    .option(
      '--from <domain...>',
      'domains or addresses that mail is from; those of keys and of the newest mail otherwise',
    )
    .option('--dns-server <address>', "a name server to ask in place of this machine's, such as 9.9.9.9")
    .option('--config <file>', "the server's JSON file with settings (GMP_CONFIG_FILE)")
    .option('--strict', 'end with 1 for a warning, too');
  addConnectionOptions(command);
  command.option('--json', 'print all findings as one JSON object').addHelpText('after', HELP);
  return command.action(async () => {
    // The options above, and no others.
    const flags = command.opts() as DoctorFlags;
    const { stdout } = context.streams;
    const resolver = world.resolver ?? systemResolver(flags.dnsServer);
    const all: Finding[] = [];
    const tell: Tell = (found) => {
      all.push(...found);
      if (flags.json !== true && found.length > 0) stdout.write(renderFindings(found, colorsOf(stdout, context.env)));
    };
    await examine({ flags, context, tell, clock: world.clock, resolver });
    context.finish(summarise(all, flags, context));
  });
}

interface Examination {
  readonly flags: DoctorFlags;
  readonly context: CommandContext;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly resolver: DnsResolver;
}

async function examine(of: Examination): Promise<void> {
  const { flags, context, tell, clock } = of;
  const connection = await connect(flags, context);
  const { url } = connection;
  const { isUp, found } = await checkReach(url, clock);
  if (!isUp) {
    tell(found);
    await examineFiles(of, { url, isUp });
    tell([findings('relay.reachable', 'relays').skipped('relays and domains are known to a running server only')]);
    return;
  }
  // What the server refuses is a finding of its own; its exit code is not the one that counts.
  await onServer(connection, flags, { ...context, finish: () => undefined }, async (server) => {
    tell([...found, ...(await checkServer(server))]);
    await examineFiles(of, { url, isUp });
    await examineMail(server, of);
    return EXIT.ok;
  });
}

async function examineFiles(of: Examination, { url, isUp }: { readonly url: string; readonly isUp: boolean }) {
  const env = await serverEnvironment(of, url);
  if (env === null) {
    of.tell([findings('files.config', 'files').skipped('the server is on another machine, and so are its files')]);
  } else of.tell([...(await checkFiles(env)), ...(isUp ? [] : [await checkDatabase(env)])]);
}

/** The settings of the server as it would read them here; null where its files are on another machine. */
async function serverEnvironment({ flags, context }: Examination, url: string): Promise<Environment | null> {
  const { dataDir, config } = flags;
  const target = await findTarget({ name: undefined, dataDir }, context.env);
  if (target.kind === 'elsewhere' || (dataDir === undefined && !isOnThisMachine(url))) return null;
  const ofInstance = target.name === null ? {} : { GMP_CONFIG_FILE: configPath(target.folder) };
  return {
    ...context.env,
    GMP_DATA_DIR: target.folder,
    ...ofInstance,
    ...(config === undefined ? {} : { GMP_CONFIG_FILE: config }),
  };
}

async function examineMail(server: ServerSession, { flags, tell, clock, resolver }: Examination): Promise<void> {
  const { accountId, from = [] } = flags;
  const tenantId = flags.tenantId ?? server.tenantId;
  try {
    const { accounts, hasMore } = await accountsToCheck(server, { tenantId, accountId, max: MAX_ACCOUNTS });
    if (accounts.length === 0) {
      const advice =
        'mail-proxy accounts create --id main --host smtp.example.net --port 587 --user ... --password ...';
      tell([findings('relay.reachable', 'relays').warning('there is no account, so no mail can leave', advice)]);
    }
    if (hasMore) tell([findings('relay.reachable', 'relays').skipped(`only ${MAX_ACCOUNTS} relays are tried`)]);
    await checkRelays(server, accounts, { now: clock.now(), tell });
    const domains = await domainsToCheck(server, resolver, { tenantId, from, accounts });
    for (const { host, addresses } of domains[0]?.relays ?? []) {
      const found = await Promise.all(addresses.filter(isPublic).map((each) => checkReverse(resolver, host, each)));
      tell(found.flat());
    }
    if (domains.length === 0) {
      tell([findings('domain.spf', 'domains').skipped('no domain is known that mail is from; name one with --from')]);
    }
    for (const domain of domains) tell(await checkDomain(resolver, domain));
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    // Without a token that it knows nothing of this is shown, and that was said.
    const isSaid = error.result.kind === 'problem' && error.result.status === 401;
    const about = findings('relay.reachable', 'relays');
    tell([isSaid ? about.skipped('needs a token') : about.problem(error.message, "The server's log says more")]);
  }
}

function summarise(
  all: readonly Finding[],
  flags: DoctorFlags,
  { streams: { stdout }, env }: CommandContext,
): ExitCode {
  const count = (status: Finding['status']): number => all.filter((each) => each.status === status).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  const isWell = problems === 0 && (flags.strict !== true || warnings === 0);
  if (flags.json === true) {
    stdout.write(`${JSON.stringify({ ok: isWell, problems, warnings, findings: all }, null, 2)}\n`);
  } else stdout.write(countText(all, colorsOf(stdout, env)));
  return isWell ? EXIT.ok : EXIT.refused;
}

function isOnThisMachine(url: string): boolean {
  const host = URL.parse(url)?.hostname.replace(/^\[|\]$/g, '');
  return host !== undefined && isLoopback(host);
}

const HELP = `
Relays are tried by the server, as mail would: it connects and logs in, and sends nothing. One that is paused is not
tried, since that would end its pause. DNS is asked from this machine. Clocks are compared with the Date of the server's
answers and with the greetings of relays that tell the time. Where no server runs, the configuration, the data folder
and the database are looked at here, and nothing is changed.

Exit codes: 0 nothing is wrong, or there are warnings; 1 there is a problem, or with --strict a warning; 2 the command
line cannot be understood.

Examples:
  mail-proxy doctor
  mail-proxy doctor --from shop.example --dns-server 9.9.9.9
  mail-proxy doctor --json --strict
`;
