/**
 * The subset of JSON Schema in which a manifest says what an operation takes.
 *
 * @module
 */

import { SigError } from '../errors.ts';
import {
  broken,
  optional,
  readBoolean,
  readChoice,
  readList,
  readObject,
  readPattern,
  readRecord,
  readText,
} from './closed.ts';

/** What one value of an array may be. */
export type ScalarType = 'string' | 'number' | 'integer' | 'boolean';

/** One property of an {@link InputSchema}. */
export interface Property {
  readonly type: ScalarType | 'array';
  readonly description?: string;
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly maxLength?: number;
  readonly items?: ScalarType;
}

/** An object: its properties, and which of them must be there. */
export interface InputSchema {
  readonly type: 'object';
  readonly properties?: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly description?: string;
}

const SCALARS = ['string', 'number', 'integer', 'boolean'] as const;
const MAX_PROPERTIES = 20;
const MAX_DESCRIPTION = 200;
/** Names that can stand in a command line, a path and a line of text and mean nothing there. */
const PROPERTY_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/**
 * Reads a schema, strictly.
 *
 * @throws {SigError} E_MANIFEST
 */
export function readInputSchema(value: unknown, place: string): InputSchema {
  const schema = readObject(value, place, ['type', 'properties', 'required', 'additionalProperties', 'description']);
  const properties = optional(schema.properties, (given) => readProperties(given, `${place}.properties`));
  const required = optional(
    schema.required,
    (given) =>
      readList(given, `${place}.required`, 0, MAX_PROPERTIES).map((name, i) => {
        const at = `${place}.required[${i}]`;
        const known = readPattern(name, at, PROPERTY_NAME);
        if (properties && !Object.hasOwn(properties, known)) throw broken(at, 'is not one of the properties');
        return known;
      }),
  );
  const additional = optional(
    schema.additionalProperties,
    (given) => readBoolean(given, `${place}.additionalProperties`),
  );
  const description = optional(
    schema.description,
    (given) => readText(given, `${place}.description`, 0, MAX_DESCRIPTION),
  );
  return {
    type: readChoice(schema.type, `${place}.type`, ['object']),
    ...(properties === undefined ? {} : { properties }),
    ...(required === undefined ? {} : { required }),
    ...(additional === undefined ? {} : { additionalProperties: additional }),
    ...(description === undefined ? {} : { description }),
  };
}

function readProperties(value: unknown, place: string): Record<string, Property> {
  const entries = Object.entries(readRecord(value, place));
  if (entries.length > MAX_PROPERTIES) throw broken(place, `has more than ${MAX_PROPERTIES} entries`);
  return Object.fromEntries(entries.map(([name, property]) => [
    readPattern(name, `${place}: the name ${JSON.stringify(name.slice(0, 64))}`, PROPERTY_NAME),
    readProperty(property, `${place}.${name}`),
  ]));
}

function readProperty(value: unknown, place: string): Property {
  const property = readObject(value, place, ['type', 'description', 'enum', 'maxLength', 'items']);
  const type = readChoice(property.type, `${place}.type`, [...SCALARS, 'array']);
  const description = optional(
    property.description,
    (given) => readText(given, `${place}.description`, 0, MAX_DESCRIPTION),
  );
  const choices = optional(
    property.enum,
    (given) => readList(given, `${place}.enum`, 1, 32).map((choice, i) => readEnumValue(choice, `${place}.enum[${i}]`)),
  );
  const maxLength = optional(property.maxLength, (given) => {
    if (Number.isInteger(given) && (given as number) >= 0 && (given as number) <= 100_000) return given as number;
    throw broken(`${place}.maxLength`, 'is not an integer from 0 to 100000');
  });
  const items = optional(property.items, (given) => {
    if (type !== 'array') throw broken(`${place}.items`, 'belongs to an array');
    return readChoice(given, `${place}.items`, SCALARS);
  });
  return {
    type,
    ...(description === undefined ? {} : { description }),
    ...(choices === undefined ? {} : { enum: choices }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(items === undefined ? {} : { items }),
  };
}

function readEnumValue(value: unknown, place: string): string | number | boolean | null {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  return readText(value, place, 0, 1024);
}

/**
 * Checks the input of an operation against its schema. Properties that the schema does not know are
 * refused unless it says `additionalProperties: true`: a misspelt one would otherwise do nothing.
 *
 * @throws {SigError} E_USAGE naming the property
 */
export function checkInput(schema: InputSchema | undefined, input: Readonly<Record<string, unknown>>): void {
  const properties = schema?.properties ?? {};
  for (const name of schema?.required ?? []) {
    if (!Object.hasOwn(input, name)) throw badInput(name, 'is missing');
  }
  for (const [name, value] of Object.entries(input)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property) checkValue(name, property, value);
    else if (schema?.additionalProperties !== true) throw badInput(name, 'is not a property of the operation');
  }
}

function checkValue(name: string, property: Property, value: unknown): void {
  if (!hasType(value, property)) {
    throw badInput(name, `is not of type ${property.type}${property.items ? ` of ${property.items}` : ''}`);
  }
  if (property.enum && !property.enum.includes(value as string)) {
    throw badInput(name, 'is not one of the allowed values');
  }
  if (property.maxLength !== undefined && typeof value === 'string' && [...value].length > property.maxLength) {
    throw badInput(name, `is longer than ${property.maxLength} characters`);
  }
}

function hasType(value: unknown, { type, items }: Pick<Property, 'type' | 'items'>): boolean {
  if (type === 'array') {
    return Array.isArray(value) && value.every((item) => items === undefined || hasType(item, { type: items }));
  }
  if (type === 'integer') return Number.isSafeInteger(value);
  const actual: string = typeof value;
  return actual === type;
}

function badInput(name: string, why: string): SigError {
  return new SigError('E_USAGE', `Cannot call with this input: ${JSON.stringify(name.slice(0, 64))} ${why}`);
}
