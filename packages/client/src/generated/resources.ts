// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Generated from docs/reference/openapi.enterprise.json: change the operations, then run the script generate.
import type { LinesMethod, MailMethod, Method } from '../methods.ts';

/** A method for each operation, by resource. */
export interface Resources {
  readonly tenants: Tenants;
  readonly apiKeys: ApiKeys;
  readonly accounts: Accounts;
  readonly lanes: Lanes;
  readonly dkimKeys: DkimKeys;
  readonly messages: Messages;
  readonly batches: Batches;
  readonly events: Events;
  readonly sandboxMessages: SandboxMessages;
  readonly storages: Storages;
  readonly suppressions: Suppressions;
  readonly stats: Stats;
  readonly instance: Instance;
  readonly caller: Caller;
  readonly instanceTokens: InstanceTokens;
  readonly keys: Keys;
  readonly commandLog: CommandLog;
  readonly imap: Imap;
  readonly mailboxes: Mailboxes;
  readonly pec: Pec;
  readonly bounces: Bounces;
  readonly largeAttachments: LargeAttachments;
}

export interface Tenants {
  /** Add a tenant and its first API key. */
  readonly create: Method<'tenants.create'>;
  /** List the tenants by id. */
  readonly list: Method<'tenants.list'>;
  /** Show a tenant. A key needs the scope tenant:read. */
  readonly get: Method<'tenants.get'>;
  /** Change a tenant; a field that is absent stays, null clears it or sets its default. */
  readonly update: Method<'tenants.update'>;
  /** Delete a tenant that has no accounts and no messages, with its keys and storages, or with all of that. */
  readonly delete: Method<'tenants.delete'>;
  /** Show how much of a tenant's mail waits, and how much may. A key needs the scope tenant:read. */
  readonly usage: Method<'tenants.usage'>;
  /** Change how mail is retried, answers are read and doubt is settled, with a key of the tenant too. A key needs the scope tenant:write. */
  readonly updateSending: Method<'tenants.update-sending'>;
  /** Stop sending a tenant's mail; it is accepted and waits. */
  readonly suspend: Method<'tenants.suspend'>;
  /** Go on sending a suspended tenant's mail. */
  readonly activate: Method<'tenants.activate'>;
  /** Show how far a tenant has been told, and what its endpoint answered last. A key needs the scope tenant:read. */
  readonly reporting: Method<'tenants.reporting'>;
  /** Call a tenant's endpoint at once, whatever it asked for and however often it failed. A key needs the scope tenant:write. */
  readonly sync: Method<'tenants.sync'>;
  /** Call an endpoint again that said that it is gone, and forget what failed. A key needs the scope tenant:write. */
  readonly enableReporting: Method<'tenants.enable-reporting'>;
  /** List the last 100 calls of a tenant's endpoint, newest first. A key needs the scope tenant:read. */
  readonly reportCalls: Method<'tenants.report-calls'>;
  /** Add a secret that signs reports, which is shown this once; those before go on for a while. A key needs the scope tenant:write. */
  readonly rotateSigningSecret: Method<'tenants.rotate-signing-secret'>;
  /** List the secrets that sign the reports of a tenant, without showing them. A key needs the scope tenant:read. */
  readonly listSigningSecrets: Method<'tenants.list-signing-secrets'>;
  /** End a secret that signs reports at once. A key needs the scope tenant:write. */
  readonly revokeSigningSecret: Method<'tenants.revoke-signing-secret'>;
}

export interface ApiKeys {
  /** Add an API key to a tenant; it is shown this once. A key needs the scope keys:write. */
  readonly create: Method<'api-keys.create'>;
  /** List a tenant's API keys, revoked ones included. A key needs the scope keys:read. */
  readonly list: Method<'api-keys.list'>;
  /** Show an API key. A key needs the scope keys:read. */
  readonly get: Method<'api-keys.get'>;
  /** Change an API key; a field that is absent stays, null takes the limit away. A key needs the scope keys:write. */
  readonly update: Method<'api-keys.update'>;
  /** Revoke an API key, at once and on every instance. A key needs the scope keys:write. */
  readonly revoke: Method<'api-keys.revoke'>;
  /** Make a new API key in the place of one, which goes on for a while. A key needs the scope keys:write. */
  readonly rotate: Method<'api-keys.rotate'>;
}

export interface Accounts {
  /** Add an SMTP relay, or a sandbox that captures mail instead of sending it. A key needs the scope accounts:write. */
  readonly create: Method<'accounts.create'>;
  /** List the SMTP relays, the oldest first. A key needs the scope accounts:read. */
  readonly list: Method<'accounts.list'>;
  /** Show an SMTP relay; its secrets are never shown. A key needs the scope accounts:read. */
  readonly get: Method<'accounts.get'>;
  /** Change an SMTP relay and end its pause after failures; a field that is absent stays, null clears it or sets its default. A key needs the scope accounts:write. */
  readonly update: Method<'accounts.update'>;
  /** Delete an SMTP relay that no message refers to, or with its mail. A key needs the scope accounts:write. */
  readonly delete: Method<'accounts.delete'>;
  /** Pause an SMTP relay: its mail waits until it is resumed, or until a time. A key needs the scope accounts:write. */
  readonly pause: Method<'accounts.pause'>;
  /** End the pause of an SMTP relay, whoever began it; its mail goes on at once. A key needs the scope accounts:write. */
  readonly resume: Method<'accounts.resume'>;
  /** Connect and log in to an SMTP relay without sending mail; where that works, end its pause after failures. A key needs the scope accounts:write. */
  readonly verify: Method<'accounts.verify'>;
}

export interface Lanes {
  /** Show how each account sends: what waits in its lane and why; a page may be short, go on while next is given. A key needs the scope accounts:read. */
  readonly list: Method<'lanes.list'>;
}

export interface DkimKeys {
  /** Sign the mail of a domain with a key that is given or made; the answer says what to publish in DNS. A key needs the scope dkim-keys:write. */
  readonly create: Method<'dkim-keys.create'>;
  /** List the DKIM keys, the oldest first. A key needs the scope dkim-keys:read. */
  readonly list: Method<'dkim-keys.list'>;
  /** Show a DKIM key and its DNS record; the private key is never shown. A key needs the scope dkim-keys:read. */
  readonly get: Method<'dkim-keys.get'>;
  /** Delete a DKIM key; mail is no longer signed with it. A key needs the scope dkim-keys:write. */
  readonly delete: Method<'dkim-keys.delete'>;
}

export interface Messages {
  /** Accept one message for delivery. A key needs the scope messages:send. */
  readonly create: Method<'messages.create'>;
  /** As {@link Messages.create}, of a complete mail. */
  readonly createFromMail: MailMethod<'messages.create'>;
  /** List messages, newest first. A key needs the scope messages:read. */
  readonly list: Method<'messages.list'>;
  /** Accept up to 1,000 messages at once, with a result for each. A key needs the scope messages:send. */
  readonly createBatch: Method<'messages.create-batch'>;
  /** Show one message: each recipient, each attempt, and what it waits for; what it says, with messages:content only. A key needs the scope messages:read. */
  readonly get: Method<'messages.get'>;
  /** Cancel a message that is not being sent; once cancelled it is never sent. A key needs the scope messages:manage. */
  readonly cancel: Method<'messages.cancel'>;
  /** Send a waiting message at another time; a time that is past means now. A key needs the scope messages:manage. */
  readonly reschedule: Method<'messages.reschedule'>;
  /** Retry a message now: one that waits, one in doubt, or the recipients that one failed to reach. A key needs the scope messages:manage. */
  readonly retry: Method<'messages.retry'>;
  /** Hold a waiting message until it is released. A key needs the scope messages:manage. */
  readonly hold: Method<'messages.hold'>;
  /** Release a held message, to be sent at its time. A key needs the scope messages:manage. */
  readonly release: Method<'messages.release'>;
  /** Confirm that the relay did take a message in doubt. A key needs the scope messages:manage. */
  readonly confirm: Method<'messages.confirm'>;
  /** Cancel, hold, release, retry, reschedule or confirm all messages that a filter names. A key needs the scope messages:manage. */
  readonly bulk: Method<'messages.bulk'>;
  /** Cancel messages where they wait and remove them, told or not; ids of those that were not sent are free again. A key needs the scope messages:manage. */
  readonly remove: Method<'messages.remove'>;
  /** Remove finished messages that are older and were told; by default those that are kept no longer anyway. A key needs the scope messages:manage. */
  readonly prune: Method<'messages.prune'>;
  /** Show the history of one message, oldest first. A key needs the scope messages:read. */
  readonly events: Method<'messages.events'>;
}

export interface Batches {
  /** Suspend a batch: from the answer on none of its messages is begun, those accepted later included. A key needs the scope messages:manage. */
  readonly suspend: Method<'batches.suspend'>;
  /** Activate a suspended batch: its messages go on where they stood. A key needs the scope messages:manage. */
  readonly activate: Method<'batches.activate'>;
  /** List the batches that are suspended. A key needs the scope messages:read. */
  readonly list: Method<'batches.list'>;
}

export interface Events {
  /** List the events of a tenant after a sequence number, or the last ones, or wait for the next. A key needs the scope events:read. */
  readonly list: Method<'events.list'>;
  /** List the events that a tenant did not take in time; they can be replayed. A key needs the scope events:read. */
  readonly givenUp: Method<'events.given-up'>;
  /** Tell events again: a range of numbers or of time, or those of one message. A key needs the scope events:write. */
  readonly replay: Method<'events.replay'>;
}

export interface SandboxMessages {
  /** List the mail that sandboxes captured, the newest first. A key needs the scope messages:read. */
  readonly list: Method<'sandbox-messages.list'>;
  /** Remove all mail that sandboxes captured, or that of one account. A key needs the scope messages:manage. */
  readonly clear: Method<'sandbox-messages.clear'>;
  /** Show a mail that a sandbox captured: its envelope, and with messages:content what it says. A key needs the scope messages:read. */
  readonly get: Method<'sandbox-messages.get'>;
  /** Remove a mail that a sandbox captured. A key needs the scope messages:manage. */
  readonly delete: Method<'sandbox-messages.delete'>;
  /** Download a mail that a sandbox captured, byte for byte as a relay would have got it. A key needs the scope messages:content. */
  readonly download: Method<'sandbox-messages.download'>;
  /** Download an attachment of a mail that a sandbox captured. A key needs the scope messages:content. */
  readonly downloadAttachment: Method<'sandbox-messages.download-attachment'>;
}

export interface Storages {
  /** Add a place from which attachments are fetched. A key needs the scope storages:write. */
  readonly create: Method<'storages.create'>;
  /** List the storages, the oldest first. A key needs the scope storages:read. */
  readonly list: Method<'storages.list'>;
  /** Show a storage; its configuration is never shown. A key needs the scope storages:read. */
  readonly get: Method<'storages.get'>;
  /** Delete a storage. A key needs the scope storages:write. */
  readonly delete: Method<'storages.delete'>;
}

export interface Suppressions {
  /** Put an address or a domain onto the suppression list; what stands there for it is replaced. A key needs the scope suppressions:write. */
  readonly add: Method<'suppressions.add'>;
  /** List the suppressed addresses, the oldest first. A key needs the scope suppressions:read. */
  readonly list: Method<'suppressions.list'>;
  /** Put up to 1000 addresses onto the suppression list, each for itself; what is wrong is told and left out. A key needs the scope suppressions:write. */
  readonly import: Method<'suppressions.import'>;
  /** Read the suppression list as lines of JSON, the oldest first. A key needs the scope suppressions:read. */
  readonly export: LinesMethod<'suppressions.export'>;
  /** Tell whether mail would be sent to an address, or which entry stops it: its own or that of its domain. A key needs the scope suppressions:read. */
  readonly check: Method<'suppressions.check'>;
  /** Show the entry of an address. A key needs the scope suppressions:read. */
  readonly get: Method<'suppressions.get'>;
  /** Take an address off the suppression list. A key needs the scope suppressions:write. */
  readonly remove: Method<'suppressions.remove'>;
}

export interface Stats {
  /** Show what waits, and how much was accepted, sent, deferred and reported in each of the last minutes. A key needs the scope messages:read. */
  readonly get: Method<'stats.get'>;
}

export interface Instance {
  /** Show what runs here and how much mail waits. */
  readonly get: Method<'instance.get'>;
  /** Tell whether mail is sent, or the operator stopped all sending. A key needs the scope tenant:read. */
  readonly status: Method<'instance.status'>;
  /** Look for work at once, and call the tenant with its reports without waiting. A key needs the scope messages:manage. */
  readonly runNow: Method<'instance.run-now'>;
  /** Stop all sending, also after a restart; mail is accepted and waits. */
  readonly pause: Method<'instance.pause'>;
  /** Go on sending. */
  readonly resume: Method<'instance.resume'>;
  /** Show what the instance that answers writes to its log. */
  readonly logLevel: Method<'instance.log-level'>;
  /** Set what the instance that answers writes to its log, until it starts again. */
  readonly setLogLevel: Method<'instance.set-log-level'>;
  /** Read a consistent copy of the SQLite database, while mail goes on. */
  readonly backup: Method<'instance.backup'>;
}

export interface Caller {
  /** Show whose token this is, and what it opens. */
  readonly get: Method<'caller.get'>;
}

export interface InstanceTokens {
  /** Add a token for the operator or for metrics; it is shown this once. */
  readonly create: Method<'instance-tokens.create'>;
  /** List the operator's tokens, revoked ones included, but for that of the configuration. */
  readonly list: Method<'instance-tokens.list'>;
  /** Show a token of the operator. */
  readonly get: Method<'instance-tokens.get'>;
  /** Revoke a token of the operator, at once and on every instance. */
  readonly revoke: Method<'instance-tokens.revoke'>;
  /** Make a new token in the place of one, which goes on for a while. */
  readonly rotate: Method<'instance-tokens.rotate'>;
}

export interface Keys {
  /** Show which encryption keys are at hand, and what is sealed with which. */
  readonly status: Method<'keys.status'>;
  /** Seal everything anew with the newest encryption key, while servers run. */
  readonly rotate: Method<'keys.rotate'>;
  /** Show how far the rotation of the encryption keys is, on the instance that does it. */
  readonly rotation: Method<'keys.rotation'>;
}

export interface CommandLog {
  /** List the commands that changed something, and who was not let in, the newest first. A key needs the scope audit:read. */
  readonly list: Method<'command-log.list'>;
  /** Read the command log as lines of JSON, the oldest first. A key needs the scope audit:read. */
  readonly export: LinesMethod<'command-log.export'>;
  /** Delete the lines of the command log that are older. */
  readonly purge: Method<'command-log.purge'>;
}

export interface Imap {
  /** Try to log in to an IMAP server and open a mailbox. */
  readonly verify: Method<'imap.verify'>;
}

export interface Mailboxes {
  /** Add a mailbox that is read over IMAP. A key needs the scope mailboxes:write. */
  readonly create: Method<'mailboxes.create'>;
  /** List the mailboxes, the oldest first. A key needs the scope mailboxes:read. */
  readonly list: Method<'mailboxes.list'>;
  /** Show a mailbox; its secrets are never shown. A key needs the scope mailboxes:read. */
  readonly get: Method<'mailboxes.get'>;
  /** Change a mailbox and check it; a field that is absent stays, null clears it or sets its default. A key needs the scope mailboxes:write. */
  readonly update: Method<'mailboxes.update'>;
  /** Delete a mailbox here; what lies on its server stays. A key needs the scope mailboxes:write. */
  readonly delete: Method<'mailboxes.delete'>;
  /** Show how far a mailbox was read and how the last check went. A key needs the scope mailboxes:read. */
  readonly status: Method<'mailboxes.status'>;
  /** Look into a mailbox now, or as soon as its server may be asked to log in again. A key needs the scope mailboxes:write. */
  readonly check: Method<'mailboxes.check'>;
  /** List mail of a mailbox by what became of it: by default, what was set aside. A key needs the scope mailboxes:read. */
  readonly listMails: Method<'mailboxes.list-mails'>;
  /** Try mail again that was set aside. A key needs the scope mailboxes:write. */
  readonly retryMail: Method<'mailboxes.retry-mail'>;
}

export interface Pec {
  /** Take in a receipt of certified mail: it becomes an event of its message, and is kept. A key needs the scope pec:write. */
  readonly receive: Method<'pec.receive'>;
  /** As {@link Pec.receive}, of a complete mail. */
  readonly receiveFromMail: MailMethod<'pec.receive'>;
  /** List receipts of certified mail, newest first. A key needs the scope pec:read. */
  readonly listReceipts: Method<'pec.list-receipts'>;
  /** Show a receipt of certified mail. A key needs the scope pec:read. */
  readonly getReceipt: Method<'pec.get-receipt'>;
  /** Download a receipt of certified mail as it came, byte for byte. A key needs the scope pec:read. */
  readonly downloadReceipt: Method<'pec.download-receipt'>;
  /** Show what receipts said of a certified message, and what is awaited. A key needs the scope pec:read. */
  readonly status: Method<'pec.status'>;
}

export interface Bounces {
  /** Take in a mail that came back: a bounce or a complaint becomes events of the message that it is about. A key needs the scope bounces:write. */
  readonly receive: Method<'bounces.receive'>;
  /** As {@link Bounces.receive}, of a complete mail. */
  readonly receiveFromMail: MailMethod<'bounces.receive'>;
  /** List bounces and complaints whose messages were not found, newest first. A key needs the scope bounces:read. */
  readonly listUnmatched: Method<'bounces.list-unmatched'>;
  /** Show where a tenant's bounces come to. A key needs the scope bounces:read. */
  readonly settings: Method<'bounces.settings'>;
  /** Change where a tenant's bounces come to, and begin to name envelopes; what is absent stays, null is the default. A key needs the scope bounces:write. */
  readonly updateSettings: Method<'bounces.update-settings'>;
  /** Send a tenant's mail with its own return paths again, under no names. A key needs the scope bounces:write. */
  readonly removeSettings: Method<'bounces.remove-settings'>;
}

export interface LargeAttachments {
  /** List the links that were sent in place of large attachments, newest first. A key needs the scope messages:read. */
  readonly list: Method<'large-attachments.list'>;
  /** Show a link that was sent in place of a large attachment, and how often it was downloaded. A key needs the scope messages:read. */
  readonly get: Method<'large-attachments.get'>;
  /** End a link now: its file can no longer be fetched by it. A key needs the scope messages:manage. */
  readonly revoke: Method<'large-attachments.revoke'>;
}
