// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { CertificateChainValidationEngine } from 'pkijs';
import {
  emailsOf,
  hasSoundKey,
  isForMail,
  isSoundlySigned,
  isUnderstood,
  nameConstraintsOf,
  pathLengthOf,
  type ReadCertificate,
} from './certificate.ts';
import { mayName } from './name-constraints.ts';

export interface PathOptions {
  readonly anchors: readonly ReadCertificate[];
  /** Such as the signature brought along: possible links, trusted by nobody. */
  readonly others: readonly ReadCertificate[];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** From the certificate in question up to an anchor. */
type Path = readonly ReadCertificate[];

/** Italy's providers are two or three steps below a root. */
const MAX_LENGTH = 6;
/** Of signatures, for each certificate in question: certificates that all issue each other make no end of paths. */
const MAX_CHECKS = 64;

/**
 * Find out whether a certificate ends in an anchor, by RFC 5280, 6. PKI.js 4.0 is given a path that is already a line of
 * signatures: its own search has no end where two issue each other, finds none where one of several candidates leads nowhere, and
 * does not take a certificate that is an anchor itself. Of the line it checks that each issuer is a CA that may sign certificates,
 * names, what names a CA may give, and policies. It passes by how many CAs may stand below one, purposes, algorithms, sizes of
 * keys and extensions that are not known: these are checked here.
 *
 * @returns null where it does; else why not
 */
export async function whyUntrusted(
  certificate: ReadCertificate,
  options: PathOptions,
): Promise<'untrusted' | 'expired' | null> {
  let isOnlyLate = false;
  for (const path of pathsToAnchors(certificate, options)) {
    if (!isSound(path)) continue;
    const isInTime = path.every((each) => isValidAt(each, options.at));
    // What is only too old is checked as of a time when it was not, so that nothing else is called that.
    const at = isInTime ? options.at : commonTime(path);
    if (at === null || !(await isValidPath(path, at))) continue;
    if (isInTime) return null;
    isOnlyLate = true;
  }
  return isOnlyLate ? 'expired' : 'untrusted';
}

function pathsToAnchors(certificate: ReadCertificate, { anchors, others }: PathOptions): Iterable<Path> {
  const trusted = new Set(anchors.map(({ fingerprint }) => fingerprint));
  const links = new Map(others.map((each) => [each.fingerprint, each]));
  const candidates = [...anchors, ...[...links.values()].filter(({ fingerprint }) => !trusted.has(fingerprint))];
  let checks = 0;
  const issued = (issuer: ReadCertificate, { native }: ReadCertificate): boolean => {
    if (!native.checkIssued(issuer.native)) return false;
    checks += 1;
    return checks <= MAX_CHECKS && native.verify(issuer.key);
  };
  function* upFrom(path: Path, last: ReadCertificate): Generator<Path> {
    if (trusted.has(last.fingerprint)) yield path;
    if (path.length === MAX_LENGTH) return;
    for (const issuer of candidates) {
      const isNew = path.every(({ fingerprint }) => fingerprint !== issuer.fingerprint);
      if (isNew && issued(issuer, last)) yield* upFrom([...path, issuer], issuer);
    }
  }
  return upFrom([certificate], certificate);
}

/** Of what PKI.js does not look at, or not strictly. */
function isSound(path: Path): boolean {
  const [leaf, ...issuers] = path;
  const emails = leaf === undefined ? [] : emailsOf(leaf);
  if (!path.every((each) => isUnderstood(each) && hasSoundKey(each))) return false;
  // The anchor is trusted for itself: how it was signed is not of interest.
  if (!path.slice(0, -1).every(isSoundlySigned)) return false;
  return issuers.every((issuer, index) => {
    const below = issuers.slice(0, index).filter(({ native }) => native.subject !== native.issuer).length;
    const constraints = nameConstraintsOf(issuer);
    return isForMail(issuer) && below <= pathLengthOf(issuer) && emails.every((email) => mayName(constraints, email));
  });
}

function isValidAt({ parsed }: ReadCertificate, at: number): boolean {
  return parsed.notBefore.value.getTime() <= at && at <= parsed.notAfter.value.getTime();
}

/** A time when all of them were valid. */
function commonTime(path: Path): number | null {
  const from = Math.max(...path.map(({ parsed }) => parsed.notBefore.value.getTime()));
  return path.every((each) => isValidAt(each, from)) ? from : null;
}

async function isValidPath(path: Path, at: number): Promise<boolean> {
  const line = path.map(({ parsed }) => parsed);
  const [leaf, ...issuers] = line;
  const anchor = path.at(-1);
  if (leaf === undefined || anchor === undefined) return false;
  if (issuers.length === 0) return true; // itself an anchor
  const engine = new CertificateChainValidationEngine({
    trustedCerts: [anchor.parsed],
    certs: [...issuers.slice(0, -1), leaf], // the one in question comes last
    checkDate: new Date(at),
    findIssuer: async (certificate) => [line[line.indexOf(certificate) + 1] ?? certificate],
  });
  const constraints = nameConstraintsOf(anchor);
  const { result } = await engine.verify({
    initialPermittedSubtreesSet: constraints?.permittedSubtrees ?? [],
    initialExcludedSubtreesSet: constraints?.excludedSubtrees ?? [],
  });
  return result;
}
