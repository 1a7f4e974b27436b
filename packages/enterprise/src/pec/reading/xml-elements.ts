// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { SaxesParser } from 'saxes';

/** An element of a small document. */
export interface XmlElement {
  /** Names from the root to it, lower case, without prefixes: `postacert/dati/msgid`. */
  readonly path: string;
  /** By name, lower case, without prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  /** What stands in it and in no element below it. */
  readonly text: string;
}

/** A daticert.xml is four deep; one of 3,000 recipients has 3,020 elements. */
const MAX_DEPTH = 12;
const MAX_ELEMENTS = 10_000;
/** The entities that XML itself has (XML 1.0 §4.6); the parser's own table has what every object has besides. */
const ENTITIES: Record<string, string> = Object.assign(Object.create(null), {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
});

/** Why the parser was stopped. */
class NoXml extends Error {}

/**
 * List the elements of a document in their order. Null for one that is not well-formed, declares entities, or is larger
 * than any that is read here. Nothing is fetched and no entity of the document's own is known.
 */
export function xmlElements(text: string): readonly XmlElement[] | null {
  const building = new ElementList();
  try {
    building.read(text);
  } catch (error) {
    if (error instanceof NoXml) return null;
    throw error;
  }
  return building.elements;
}

interface OpenElement {
  readonly path: string;
  readonly attributes: Map<string, string>;
  text: string;
}

class ElementList {
  readonly elements: OpenElement[] = [];
  readonly #open: OpenElement[] = [];

  read(text: string): void {
    const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
    parser.ENTITIES = ENTITIES;
    parser.on('error', ({ message }) => {
      throw new NoXml(message);
    });
    parser.on('doctype', (doctype) => {
      if (/\[|<!/.test(doctype)) throw new NoXml('declares something');
    });
    parser.on('opentag', ({ name, attributes }) => this.#begin(name, attributes));
    parser.on('text', (piece) => this.#add(piece));
    parser.on('cdata', (piece) => this.#add(piece));
    parser.on('closetag', () => {
      this.#open.pop();
    });
    parser.write(text).close();
  }

  #begin(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.#open.length === MAX_DEPTH || this.elements.length === MAX_ELEMENTS) throw new NoXml('too large');
    const above = this.#open.at(-1);
    const element: OpenElement = {
      path: above === undefined ? localName(name) : `${above.path}/${localName(name)}`,
      attributes: new Map(Object.entries(attributes).map(([key, value]) => [localName(key), value])),
      text: '',
    };
    this.elements.push(element);
    this.#open.push(element);
  }

  #add(piece: string): void {
    const element = this.#open.at(-1);
    if (element !== undefined) element.text += piece;
  }
}

function localName(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1).toLowerCase();
}
