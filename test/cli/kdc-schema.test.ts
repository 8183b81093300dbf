import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRealmFile } from '../../src/cli/kdc/file.ts';
import { ConfigError } from '../../src/errors.ts';

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const schema: Schema = JSON.parse(readFileSync('src/cli/kdc.schema.json', 'utf8'));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string) {
  const file = join(folder, 'realm');
  writeFileSync(file, content);
  return readRealmFile(file);
}

/** What is said of a file, without its name. */
async function faultOf(content: string): Promise<string> {
  const error = await read(content).then(
    () => undefined,
    error => error,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return error.message.slice(error.message.indexOf(': ') + 2);
}

const resolved = (one: Schema): Schema =>
  one.$ref === undefined ? one : resolved(schema.$defs![one.$ref.split('/').at(-1)!]!);

/** Where objects of the schema may have members: a way to put one into a file, and what they are called. */
const objects: readonly [place: string, wrap: (object: object) => object, schema: Schema][] = [
  ['realm', realm => realm, schema],
  ['another realm', realm => ({ realms: [{ realm: 'B', ...realm }] }), schema.$defs!.realm!],
  ['user', user => ({ users: [{ name: 'u', password: 'p', ...user }] }), schema.$defs!.user!],
  ['service', service => ({ services: [{ name: 's', ...service }] }), schema.$defs!.service!.anyOf![1]!],
  ['policy', policy => ({ policies: { p: policy } }), schema.$defs!.policy!],
  ['token', otp => ({ users: [{ name: 'u', otp }] }), schema.$defs!.otp!],
  ['trust', trust => ({ trusts: [{ realm: 'B', ...trust }] }), schema.$defs!.trust!],
  ['account', account => ({ users: [{ name: 'u', password: 'p', account }] }), schema.$defs!.account!],
  ['domain', domain => ({ domain }), schema.$defs!.domain!],
  ['indicators', indicators => ({ indicators }), schema.$defs!.indicators!],
  ['trouble', trouble => ({ trouble }), schema.$defs!.trouble!],
  ['certificate', pkinit => ({ pkinit }), schema.$defs!.pkinit!],
];

describe('the schema', () => {
  it.each(objects)('names members of a %s that there are', async (_, wrap, { properties }) => {
    for (const name of Object.keys(properties!)) {
      if (name === '$schema') continue;
      // No member is a symbol of nothing: whatever is there is looked at, and this fits none.
      expect(await faultOf(JSON.stringify(wrap({ [name]: null })))).not.toMatch(/has no member/);
    }
  });

  it('names them all', () => {
    const source = ['file', 'mechanisms', 'trouble']
      .map(name => readFileSync(`src/cli/kdc/${name}.ts`, 'utf8'))
      .join('\n');
    const typed =
      'text|flag|count|duration|date|natural|enctypes|otp|account|domain|base32|listOf|recordOf|oneOf|members';
    const rows = source.matchAll(
      new RegExp(`^ {2,4}(\\w+): (?:${typed})\\b|^ {2,4}(enctypes|otp|account|domain),$`, 'gm'),
    );
    const known = new Set(objects.flatMap(([, , { properties }]) => Object.keys(properties!)));
    for (const [, name, shorthand] of rows) expect([...known]).toContain(name ?? shorthand);
  });

  it('is one, as a whole', () => {
    const walk = (one: Schema): void => {
      resolved(one);
      for (const child of Object.values(one.properties ?? {})) walk(child);
      for (const child of [...(one.anyOf ?? []), ...Object.values(one.$defs ?? {})]) walk(child);
      if (one.items !== undefined) walk(one.items);
      if (typeof one.additionalProperties === 'object') walk(one.additionalProperties);
    };
    walk(schema);
    expect(resolved({ $ref: '#/$defs/duration' })).toBeDefined();
  });
});

describe('a realm file', () => {
  const wanted = {
    realm: 'A.TEST',
    policies: { default: { minLength: 8, maxFailures: 3, lockoutDuration: 600 } },
    users: [
      { name: 'alice', password: '007', policy: 'default' },
      { name: 'bob', password: undefined, otp: { secret: 'JBSWY3DPEHPK3PXP', digits: 8, counter: 0 } },
    ],
    services: [{ name: 'host/localhost' }],
  };

  it('may be in YAML', async () => {
    const yaml = `# Comments, too.
$schema: krb5kit/kdc.schema.json
realm: A.TEST
policies:
  default: { minLength: 8, maxFailures: 3, lockoutDuration: 10m }
users:
  - name: alice
    password: "007"
    policy: default
  - { name: bob, otp: { secret: JBSWY3DPEHPK3PXP, digits: 8, counter: 0 } }
services: [host/localhost]
`;
    expect(await read(yaml)).toEqual(wanted);
  });

  it('may name its schema in JSON', async () => {
    const json = { $schema: 'krb5kit/kdc.schema.json', ...wanted };
    expect(await read(JSON.stringify(json))).toEqual(wanted);
  });

  it.each([
    ['users: [}', 'this is not YAML, in line 1: bad indent'],
    ['realm: A\nusers:\n\t- name: geheim', 'this is not YAML, in line 3: tab as indent'],
    ['realm: A\nrealm: geheim', 'this is not YAML, in line 2: duplicate key'],
    ['{ "realm": "A",\n "password": "geheim",}', 'this is not JSON, in line 2'],
    ['{ "realm": geheim }', 'this is not JSON'],
    ['- 1', 'the realm must be an object'],
    ['geheim', 'the realm must be an object'],
    ['', 'the realm must be an object'],
    [bomb(), 'this is not YAML'],
    ['users: [{ name: u }]', 'number 1 in users of the realm must have a name and a password'],
    [
      'users: [{ name: u, password: p }, { name: u, password: q }]',
      'number 2 in users of the realm has the name of another',
    ],
    [
      'realm: A\nusers: [{ name: u, password: p }]\nservices: [host/a, u@A]',
      'number 2 in services of the realm has the name of another',
    ],
    [
      'realms: [{ realm: B, services: [a, a] }]',
      'number 2 in services of number 1 in realms of the realm has the name of another',
    ],
    [
      'policies: { strict: {} }\nusers: [{ name: u, password: p, policy: strcit }]',
      'policy of number 1 in users of the realm is none of the policies of the realm',
    ],
    [
      'users: [{ name: u, password: p, expiration: 2031-02-29T00:00:00Z }]',
      'expiration of number 1 in users of the realm must be a date such as "2030-01-31T12:00:00Z"',
    ],
    [
      'users: [{ name: u, otp: { secret: "01" } }]',
      'secret of otp of number 1 in users of the realm must be in Base32',
    ],
    ['users: [{ name: u, otp: {} }]', 'otp of number 1 in users of the realm must have a secret'],
    [
      'users: [{ name: u, otp: { secret: AA, digits: 5 } }]',
      'digits of otp of number 1 in users of the realm must be 6, 7 or 8',
    ],
    [
      'users: [{ name: u, otp: { secret: AA, algorithm: md5 } }]',
      'algorithm of otp of number 1 in users of the realm must be "sha1", "sha256" or "sha512"',
    ],
    ['policies: [1]', 'policies of the realm must be an object'],
    ['policies: { a: { minLength: 0 } }', /^minLength of a of policies of the realm must be a whole number/],
  ])('is told of: %s', async (content, sentence) => {
    const said = await faultOf(content);
    if (typeof sentence === 'string') expect(said).toBe(sentence);
    else expect(said).toMatch(sentence);
    expect(said).not.toContain('geheim');
  });
});

/** Aliases of aliases, which would fill the memory. */
function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}
