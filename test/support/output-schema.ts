import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

interface Schema {
  readonly properties?: object;
  readonly additionalProperties?: unknown;
}

const file = join(import.meta.dirname, '../../src/cli/output.schema.json');

/** The published schema of the output of `--json`. */
export const outputSchema: { readonly $defs: Readonly<Record<string, Schema>> } = JSON.parse(
  readFileSync(file, 'utf8'),
);

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });
ajv.addSchema(closed(outputSchema) as object, 'output');

/** The object on a line of output. Fails unless the schema of that name describes every member. */
export function outputOf(name: string, line: string) {
  expect(line, 'one line of ASCII').toMatch(/^[\x20-\x7e]*\n$/);
  const value = JSON.parse(line);
  const validate = validatorOf(name);
  expect(validate(value) ? [] : validate.errors, `${name}: ${line}`).toEqual([]);
  return value;
}

/** The same for several lines. */
export function outputsOf(name: string, text: string) {
  return text.split(/(?<=\n)/).map(line => outputOf(name, line));
}

/** Throws unless the schema describes every line that a command has printed with `--json`; prompts may precede them. */
export function checkOutput({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): void {
  const validate = ajv.getSchema('output')!;
  for (const line of `${stdout}\n${stderr}`.split('\n')) {
    const at = line.indexOf('{"');
    if (at < 0 || validate(JSON.parse(line.slice(at)))) continue;
    throw new Error(`The schema does not know ${line}`);
  }
}

function validatorOf(name: string): ValidateFunction {
  const validate = ajv.getSchema(`output#/$defs/${name}`);
  if (validate === undefined) throw new TypeError(`The schema has no ${name}`);
  return validate;
}

/** The schema without undeclared members: outputs may gain members, but these must be declared. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { properties, additionalProperties } = schema as Schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)]);
  const open = properties === undefined || additionalProperties !== undefined;
  return { ...Object.fromEntries(entries), ...(!open && { additionalProperties: false }) };
}
