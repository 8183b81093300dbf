import { getInitialCredential } from '../../src/client/initial.ts';
import type { Secret } from '../../src/client/secret.ts';
import { exchangeTgs } from '../../src/client/tgs.ts';
import type { Kdc } from '../../src/kdc/kdc.ts';
import { startKdc } from '../../src/kdc/start.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import type { Transport } from '../../src/transport/transport.ts';
import type { Row } from './measure.ts';

const REALM = 'BENCH.TEST';
const alice = parsePrincipal(`alice@${REALM}`);
const service = parsePrincipal(`HTTP/localhost@${REALM}`);

export default {
  title: 'Exchanges per second in one process, without sockets; an AS exchange is two requests',
  async run(): Promise<Row[]> {
    await using realm = await startKdc({
      realm: REALM,
      users: [{ name: 'alice', password: 'alicepw' }],
      services: ['HTTP/localhost'],
    });
    const clock = stopwatch(realm.kdc);
    const { transport } = clock;
    const as = (secret: Secret) => () => getInitialCredential(alice, secret, { transport });
    const { credential: tgt } = await as({ keytab: realm.keytab('alice') })();
    const tgs = () => exchangeTgs(tgt, service, { kdcOptions: 0 }, { transport });
    return [
      await row('AS, password (PBKDF2 in the client)', as({ password: async () => 'alicepw' }), clock),
      await row('AS, keytab', as({ keytab: realm.keytab('alice') }), clock),
      await row('TGS', tgs, clock),
    ];
  },
};

interface Stopwatch {
  readonly transport: Transport;
  /** The milliseconds that the KDC had the word. */
  readonly elapsed: number;
}

function stopwatch(kdc: Kdc): Stopwatch {
  let elapsed = 0;
  return {
    get elapsed() {
      return elapsed;
    },
    async transport(_, request) {
      const start = performance.now();
      const reply = kdc.handle(request);
      elapsed += performance.now() - start;
      if (reply === undefined) throw new Error('the KDC is silent');
      return reply;
    },
  };
}

async function row(exchange: string, once: () => Promise<unknown>, clock: Stopwatch): Promise<Row> {
  await repeat(once, clock, 0.25);
  const { done, seconds, inKdc } = await repeat(once, clock, 1);
  return {
    exchange,
    'both sides': Math.round(done / seconds),
    'KDC alone': Math.round(done / inKdc),
    'client alone': Math.round(done / (seconds - inKdc)),
  };
}

async function repeat(once: () => Promise<unknown>, clock: Stopwatch, seconds: number) {
  const [start, startInKdc] = [performance.now(), clock.elapsed];
  let done = 0;
  for (; performance.now() - start < seconds * 1000; done++) await once();
  return {
    done,
    seconds: (performance.now() - start) / 1000,
    inKdc: (clock.elapsed - startInKdc) / 1000,
  };
}
