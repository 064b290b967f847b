import { decodeBase64 } from '../encoding/base64.ts';
import { decodeHex } from '../encoding/hex.ts';
import { decodeUtf8 } from '../encoding/bytes.ts';
import type { BareItem, Dictionary, InnerList, Item, Member } from './structured_field.ts';

const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const NUMBER = /-?(?:\d{1,12}\.\d{1,3}(?!\d)|\d{1,15}(?![\d.]))/y;
const STRING = /"((?:[\x20\x21\x23-\x5B\x5D-\x7E]|\\["\\])*)"/y;
const TOKEN = /[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y;
const BYTES = /:([A-Za-z0-9+/]*)(={0,2}):/y;
const BOOLEAN = /\?([01])/y;
const DATE = /@(-?\d{1,15})(?![\d.])/y;
const DISPLAY = /%"((?:[\x20\x21\x23\x24\x26-\x7E]|%[0-9a-f]{2})*)"/y;

/**
 * Parses a dictionary (RFC 9651 §4.2.2). Of two members with one key the last counts.
 *
 * @throws {TypeError} when the text is not one
 */
export function parseDictionary(text: string): Dictionary {
  const input = new Input(text);
  const members = new Map<string, Member>();
  input.list(() => {
    const key = input.key();
    const member = input.skip('=') ? input.member() : { value: true, params: input.params() };
    members.set(key, member);
  });
  return members;
}

/**
 * Parses a list (RFC 9651 §4.2.1).
 *
 * @throws {TypeError} when the text is not one
 */
export function parseList(text: string): readonly Member[] {
  const input = new Input(text);
  const members: Member[] = [];
  input.list(() => void members.push(input.member()));
  return members;
}

/**
 * Parses an item (RFC 9651 §4.2.3).
 *
 * @throws {TypeError} when the text is not one
 */
export function parseItem(text: string): Item {
  const input = new Input(text);
  const item = input.item();
  input.end();
  return item;
}

/** The text and how far it is read. Each method reads one production of RFC 9651 §4.2. */
class Input {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    // Leading and trailing spaces do not count (§4.2); anything else that is odd fails where it stands.
    this.#text = text.replace(/^ +| +$/g, '');
  }

  end(): void {
    if (this.#at < this.#text.length) this.#fail();
  }

  skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  list(readOne: () => void): void {
    while (this.#at < this.#text.length) {
      readOne();
      this.#take(/[ \t]*/y);
      if (this.#at === this.#text.length) return;
      if (!this.skip(',')) this.#fail();
      this.#take(/[ \t]*/y);
      if (this.#at === this.#text.length) this.#fail(); // A comma at the end.
    }
  }

  member(): Member {
    return this.skip('(') ? this.#innerList() : this.item();
  }

  item(): Item {
    return { value: this.#bare(), params: this.params() };
  }

  key(): string {
    return (this.#take(KEY) ?? this.#fail())[0];
  }

  params(): Map<string, BareItem> {
    const params = new Map<string, BareItem>();
    while (this.skip(';')) {
      this.#take(/ */y);
      const key = this.key();
      params.set(key, this.skip('=') ? this.#bare() : true);
    }
    return params;
  }

  #innerList(): InnerList {
    const items: Item[] = [];
    for (;;) {
      this.#take(/ */y);
      if (this.skip(')')) return { items, params: this.params() };
      items.push(this.item());
      if (!/[ )]/.test(this.#text[this.#at] ?? '')) this.#fail();
    }
  }

  #bare(): BareItem {
    switch (this.#text[this.#at]) {
      case '"':
        return (this.#take(STRING) ?? this.#fail())[1]!.replace(/\\(["\\])/g, '$1');
      case ':': {
        const [, content, padding] = this.#take(BYTES) ?? this.#fail();
        return this.#orFail(() => decodeBase64(content! + (padding || '='.repeat((4 - (content!.length % 4)) % 4))));
      }
      case '?':
        return (this.#take(BOOLEAN) ?? this.#fail())[1] === '1';
      case '@':
        return { type: 'date', value: Number((this.#take(DATE) ?? this.#fail())[1]) };
      case '%': {
        const [, escaped] = this.#take(DISPLAY) ?? this.#fail();
        return { type: 'displayString', value: this.#orFail(() => decodePercent(escaped!)) };
      }
    }
    const number = this.#take(NUMBER)?.[0];
    // Adding zero turns -0 into 0.
    if (number !== undefined) {
      return number.includes('.') ? { type: 'decimal', value: Number(number) } : Number(number) + 0;
    }
    return { type: 'token', value: (this.#take(TOKEN) ?? this.#fail())[0] };
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #orFail<T>(read: () => T): T {
    try {
      return read();
    } catch {
      return this.#fail();
    }
  }

  #fail(): never {
    throw new TypeError(`Invalid structured field at character ${this.#at}`);
  }
}

function decodePercent(text: string): string {
  const hex = text.replace(/%(..)|(.)/gs, (_, escaped, plain) => escaped ?? plain.charCodeAt(0).toString(16));
  return decodeUtf8(decodeHex(hex));
}
