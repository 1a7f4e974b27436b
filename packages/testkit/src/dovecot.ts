// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import { listenOnLoopback } from './loopback.ts';
import { tempDir } from './temp-dir.ts';
import { createTestCertificate } from './test-certificate.ts';

export interface DovecotOptions {
  /** Of every user. @defaultValue secret */
  readonly password?: string;
  /** What the server says it can do. @defaultValue all that it can */
  readonly capabilities?: string;
}

/** A real IMAP server, with a mailbox for whoever logs in. */
export interface Dovecot extends AsyncDisposable {
  /** Without TLS, and with STARTTLS. */
  readonly port: number;
  /** With TLS from the first byte. */
  readonly tlsPort: number;
  /** PEM of its certificate, for `localhost` and `127.0.0.1`. */
  readonly ca: string;
  readonly password: string;
  /** All it wrote to its log. */
  log(): string;
}

/** Debian's place for it, which is in the path of root only. */
const PROGRAM = '/usr/sbin/dovecot';
/** Its configuration is another one from 2.4 on. */
const SUPPORTED = /^2\.3\./;

/** Why no Dovecot can be started here; null where one can. */
export function whyNoDovecot(): string | null {
  try {
    const version = execFileSync(PROGRAM, ['--version'], { encoding: 'utf8', timeout: 10_000 }).trim();
    if (SUPPORTED.test(version)) return null;
    return `Dovecot ${version} is another one than 2.3`;
  } catch {
    return 'Dovecot 2.3 is not installed: apt-get install dovecot-imapd';
  }
}

/** Mail of root is refused by Dovecot, so that root has it written as nobody. */
const NOBODY = 65_534;

/**
 * Start Dovecot in a folder of its own, as whoever runs the test. It ends when it is disposed of, and its mail is gone.
 *
 * @throws Error with its log when it does not start
 */
export async function startDovecot(options: DovecotOptions = {}): Promise<Dovecot> {
  const { password = 'secret' } = options;
  const dir = tempDir('dovecot-');
  const { uid, gid, username } = userInfo();
  const isRoot = uid === 0;
  const mail = dir.file('mail');
  mkdirSync(mail);
  if (isRoot) {
    chmodSync(dir.path, 0o755);
    chownSync(mail, NOBODY, NOBODY);
  }
  const certificate = createTestCertificate();
  writeFileSync(dir.file('cert.pem'), certificate.cert);
  writeFileSync(dir.file('key.pem'), certificate.key, { mode: 0o600 });
  const [port, tlsPort] = await freePorts();
  const config = dir.file('dovecot.conf');
  const own = isRoot ? '' : `default_internal_user = ${username}\ndefault_login_user = ${username}\n`;
  writeFileSync(
    config,
    `
base_dir = ${dir.file('run')}
state_dir = ${dir.file('state')}
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
${own}first_valid_uid = 1
ssl = yes
ssl_cert = <${dir.file('cert.pem')}
ssl_key = <${dir.file('key.pem')}
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:${mail}/%u
mail_max_userip_connections = 100
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = static
  args = uid=${isRoot ? NOBODY : uid} gid=${isRoot ? NOBODY : gid} home=${mail}/%u
}
namespace inbox {
  inbox = yes
  separator = /
}
service imap-login {
  ${isRoot ? '' : 'chroot ='}
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = ${tlsPort}
    ssl = yes
  }
}
${isRoot ? '' : 'service anvil {\n  chroot =\n}\nservice stats {\n  chroot =\n}\n'}
protocol imap {
  imap_idle_notify_interval = 2 mins
  ${options.capabilities === undefined ? '' : `imap_capability = ${options.capabilities}`}
}
`,
  );
  const child = spawn(PROGRAM, ['-F', '-c', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow); // a test run that is stopped leaves no server behind
  let log = '';
  const up = Promise.withResolvers<void>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  createInterface(child.stderr).on('line', (line) => {
    // It listens before it says so.
    if (/starting up/.test(line)) up.resolve();
  });
  child.once('error', up.reject);
  void exited.then(() => up.reject(new Error(`Dovecot ended before it was up:\n${log}`)));
  try {
    await up.promise;
  } catch (error) {
    dir[Symbol.dispose]();
    throw error;
  }
  return {
    port,
    tlsPort,
    ca: certificate.cert,
    password,
    log: () => log,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      const impatience = setTimeout(killNow, STOP_MS);
      await exited;
      clearTimeout(impatience);
      process.off('exit', killNow);
      dir[Symbol.dispose]();
    },
  };
}

const STOP_MS = 10_000;

/** Two that nobody used a moment ago: it cannot be asked which one it got. */
async function freePorts(): Promise<readonly [number, number]> {
  const [one, two] = await Promise.all([listenOnLoopback(createServer()), listenOnLoopback(createServer())]);
  await Promise.all([one.close(), two.close()]);
  return [one.port, two.port];
}
