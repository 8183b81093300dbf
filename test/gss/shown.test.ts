import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import { createInitiator } from '../../src/gss/initiator.ts';
import { createSaslClient } from '../../src/gss/sasl/client.ts';
import { createSaslServer } from '../../src/gss/sasl/server.ts';
import { createSpnegoAcceptor } from '../../src/gss/spnego/acceptor.ts';
import { createSpnegoInitiator } from '../../src/gss/spnego/initiator.ts';
import { keytab, makeCredential } from '../ap/made-up.ts';
import { establish, now } from './support.ts';

const bare = () => ({
  initiator: createInitiator(makeCredential(), { now }),
  acceptor: createAcceptor({ keytab, now }),
});
const negotiated = () => ({
  initiator: createSpnegoInitiator(createInitiator(makeCredential(), { now })),
  acceptor: createSpnegoAcceptor({ keytab, now }),
});

it.each([
  ['Kerberos', bare],
  ['SPNEGO', negotiated],
])('a context of %s is written down without any key, whatever it holds', async (_, contexts) => {
  const { initiator, acceptor } = contexts();
  for (const context of [initiator, acceptor]) {
    expect([JSON.stringify(context), inspect(context)]).toEqual([
      '{"established":false}',
      '{ established: false }',
    ]);
  }
  await establish(initiator, acceptor);
  acceptor.unwrap(initiator.wrap(Buffer.from('text')));
  for (const context of [initiator, acceptor]) {
    const { flags, mechanism, endtime } = context.info;
    const facts = {
      initiator: 'alice@A.TEST',
      acceptor: 'sample/localhost@A.TEST',
      mechanism,
      flags,
      endtime: endtime.toISOString(),
    };
    expect(JSON.parse(JSON.stringify(context))).toEqual({ established: true, ...facts });
    expect(JSON.parse(JSON.stringify(context.info))).toEqual(facts);
    for (const value of [context, { deep: context.info }]) {
      const text = inspect(value, { depth: 9, showHidden: true });
      expect(text).toContain('alice@A.TEST');
      expect(text).not.toMatch(/key|contents/i);
    }
  }
});

it('a SASL exchange is written down before it is complete and afterwards', async () => {
  const { initiator, acceptor } = bare();
  const client = createSaslClient('GSSAPI', initiator, { protections: ['integrity'] });
  const server = createSaslServer('GSSAPI', acceptor);
  expect([client, server].map(side => JSON.stringify(side))).toEqual(Array(2).fill('{"complete":false}'));
  let challenge: Uint8Array | undefined;
  while (!server.complete) challenge = await server.step((await client.step(challenge))!);
  const complete = '{"complete":true,"protection":"integrity"}';
  expect([client, server].map(side => JSON.stringify(side))).toEqual([complete, complete]);
});
