// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
export { findBrowser, startBrowser, whyNoBrowser } from './browser.ts';
export { ConnectionClosed } from './byte-reader.ts';
export type { CountedTransaction } from './counting-session.ts';
export {
  type CountedMessage,
  type CountingSink,
  type CountingSinkCounts,
  type CountingSinkOptions,
  startCountingSink,
} from './counting-sink.ts';
export { type CountingSinkProcess, spawnCountingSink } from './counting-sink-process.ts';
export { type Dovecot, type DovecotOptions, startDovecot, whyNoDovecot } from './dovecot.ts';
export { type EventuallyOptions, eventually } from './eventually.ts';
export { type HeaderFields, parseHeaderBlock } from './header-block.ts';
export { type HostileOptions, type HostileRequest, hostileRequests } from './hostile-requests/hostile-requests.ts';
export { endsTheWorld, fillForHostile, type HostileWorld } from './hostile-requests/hostile-world.ts';
export { describeHostile, type HostileAnswer, sendHostile } from './hostile-requests/send-hostile.ts';
export { type Loopback, listenOnLoopback } from './loopback.ts';
export { PeerConnection, type PeerTls } from './peer-connection.ts';
export { startPostgres, type TestPostgres } from './postgres.ts';
export { findPostgresBinaries } from './postgres-binaries.ts';
export { createDatabase, type TestDatabase } from './postgres-database.ts';
export { Recording, type WaitOptions } from './recording.ts';
export {
  type ReceivedReport,
  type ReportAnswer,
  type ReportReceiver,
  type ReportReceiverOptions,
  type ReportRequest,
  startReportReceiver,
} from './report-receiver.ts';
export { type PeerScript, type ScriptedPeer, type ScriptedPeerOptions, startScriptedPeer } from './scripted-peer.ts';
export {
  type ProcessEnd,
  ServerNotUp,
  type ServerProcess,
  type ServerProcessOptions,
  spawnServer,
} from './server-process.ts';
export {
  type HideableExtension,
  type SinkConnections,
  type SinkMessage,
  type SmtpReply,
  type SmtpSink,
  type SmtpSinkOptions,
  startSmtpSink,
} from './smtp-sink.ts';
export { type Tally, tally } from './tally.ts';
export { type Intercepted, startTcpProxy, type TcpProxy, type TcpProxyMode } from './tcp-proxy.ts';
export { type TempDir, tempDir } from './temp-dir.ts';
export {
  createTestAuthority,
  createTestCertificate,
  type TestAuthority,
  type TestCertificate,
  type TestCertificateOptions,
} from './test-certificate.ts';
export * from './webhook-vectors.ts';
