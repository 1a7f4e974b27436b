// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { addressesIn, cleanAddress } from '../../mail/addresses.ts';
import { oneLine } from '../../mail/one-line.ts';
import { certifiedTime } from './certified-time.ts';
import { messageIdOf } from './message-id.ts';
import type { CertifiedRecipient, Receipt, ReceiptError } from './receipt.types.ts';
import { type XmlElement, xmlElements } from './xml-elements.ts';
import { decodeXml, mendXml } from './xml-text.ts';

/** What a daticert.xml says, whatever it is of: `type` is also that of a transport envelope, or no word that anybody knows. */
export interface Daticert
  extends Pick<
    Receipt,
    | 'error'
    | 'errorDetail'
    | 'status'
    | 'sender'
    | 'recipients'
    | 'recipient'
    | 'receivedFor'
    | 'form'
    | 'identifier'
    | 'provider'
    | 'at'
  > {
  readonly type: string;
  /** `msgid`, with brackets. */
  readonly messageId: string | null;
}

/** 3,000 recipients take some 220 kB. */
export const MAX_DATICERT_BYTES = 256 * 1024;
const MAX_RECIPIENTS = 5_000;
const MAX_NAME_CHARACTERS = 200;
const MAX_ADDRESS_TEXT_CHARACTERS = 1_000;

const DATA = 'postacert/dati';
const HEADING = 'postacert/intestazione';
/** Elements that the DTD has once: two that differ contradict each other. */
const SINGLE: readonly string[] = [
  `${HEADING}/mittente`,
  `${DATA}/gestore-emittente`,
  `${DATA}/data/giorno`,
  `${DATA}/data/ora`,
  `${DATA}/identificativo`,
  `${DATA}/msgid`,
  `${DATA}/consegna`,
];

/**
 * Read a daticert.xml. Null where it is none, or contradicts itself.
 *
 * @see RFC 6109 §4.4
 */
export function readDaticert(bytes: Uint8Array): Daticert | null {
  if (bytes.length > MAX_DATICERT_BYTES) return null;
  const text = decodeXml(bytes);
  const elements = xmlElements(text) ?? xmlElements(mendXml(text));
  const root = elements?.[0];
  if (elements === null || root?.path !== 'postacert' || SINGLE.some((path) => textsAt(elements, path).length > 1))
    return null;
  const type = wordIn(root.attributes.get('tipo'));
  const recipients = recipientsIn(elements);
  if (type === '' || recipients.length > MAX_RECIPIENTS) return null;
  const one = (path: string) => textsAt(elements, path)[0] ?? null;
  const about = addressIn(one(`${DATA}/consegna`));
  if (about === null && one(`${DATA}/consegna`) !== null) return null;
  const detail = oneLine(textsAt(elements, `${DATA}/errore-esteso`).join(' '));
  return {
    type,
    error: errorIn(root.attributes.get('errore')),
    errorDetail: detail === '' ? null : detail,
    status: /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)/.exec(detail)?.[0] ?? null,
    messageId: messageIdOf(one(`${DATA}/msgid`)),
    sender: addressIn(one(`${HEADING}/mittente`)),
    recipients,
    recipient: about,
    receivedFor: textsAt(elements, `${DATA}/ricezione`).flatMap((each) =>
      addressesIn(each.slice(0, MAX_ADDRESS_TEXT_CHARACTERS)),
    ),
    form: formIn(elements.find(({ path }) => path === `${DATA}/ricevuta`)?.attributes.get('tipo')),
    identifier: nameIn(one(`${DATA}/identificativo`)),
    provider: nameIn(one(`${DATA}/gestore-emittente`)),
    at: certifiedTime({
      day: one(`${DATA}/data/giorno`),
      time: one(`${DATA}/data/ora`),
      zone: elements.find(({ path }) => path === `${DATA}/data`)?.attributes.get('zona') ?? null,
    }),
  };
}

/** `completa`, `breve`, `sintetica`, of an attribute or a header field. */
export function formIn(value: string | null | undefined): Receipt['form'] {
  const word = wordIn(value);
  return word === 'completa' || word === 'breve' || word === 'sintetica' ? word : null;
}

/** One of the closed lists of the rules: lower case, without white space, comments and quotes. */
export function wordIn(value: string | null | undefined): string {
  return (value ?? '')
    .slice(0, 1_000)
    .replaceAll(/\([^()]*\)/g, '')
    .replaceAll(/[\s"';]/g, '')
    .toLowerCase();
}

/** Different ones only. */
function textsAt(elements: readonly XmlElement[], wanted: string): string[] {
  const texts = elements.filter(({ path }) => path === wanted).map(({ text }) => text.trim());
  return [...new Set(texts)].filter((text) => text !== '');
}

function recipientsIn(elements: readonly XmlElement[]): CertifiedRecipient[] {
  return elements
    .filter(({ path }) => path === `${HEADING}/destinatari`)
    .flatMap(({ attributes, text }) => {
      const kind = wordIn(attributes.get('tipo')) === 'esterno' ? 'external' : 'certified';
      return addressesIn(text.slice(0, MAX_ADDRESS_TEXT_CHARACTERS)).map(
        (address): CertifiedRecipient => ({ address, kind }),
      );
    });
}

/** An address where one is expected: bare, in brackets, or behind a name. */
function addressIn(text: string | null): string | null {
  if (text === null) return null;
  return cleanAddress(text) ?? addressesIn(text.slice(0, MAX_ADDRESS_TEXT_CHARACTERS), 1)[0] ?? null;
}

function nameIn(text: string | null): string | null {
  return text === null ? null : oneLine(text, MAX_NAME_CHARACTERS) || null;
}

/** The DTD's default is `nessuno`. A word of its own is some error. */
function errorIn(value: string | undefined): ReceiptError {
  const word = wordIn(value);
  switch (word) {
    case '':
      return 'nessuno';
    case 'nessuno':
    case 'no-dest':
    case 'no-dominio':
    case 'virus':
      return word;
    default:
      return 'altro';
  }
}
