// The topics of a Kafka cluster whose listeners demand SASL with GSSAPI, by way of kafkajs:
//   node kafka.mjs HOST:PORT...
import kafkajs from 'kafkajs';
import { createSaslClient } from 'krb5kit';
import { flagsFor, openService } from './tickets.mjs';

const { Kafka, logLevel } = kafkajs;
/** In what kafkajs passes on, as in what it sends, the length precedes (BYTES in Kafka's protocol). */
const response = { decode: bytes => bytes.subarray(4), parse: message => message };

const kafka = new Kafka({
  clientId: 'krb5kit-example',
  brokers: process.argv.slice(2),
  logLevel: logLevel.NOTHING,
  retry: { retries: 0 },
  sasl: { mechanism: 'GSSAPI', authenticationProvider },
});

const admin = kafka.admin();
try {
  await admin.connect();
  for (const topic of await admin.listTopics()) console.log(topic);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await admin.disconnect();
}

/** What kafkajs calls for each connection to a broker, and again before the broker's session ends (KIP-368). */
function authenticationProvider({ host, saslAuthenticate }) {
  return {
    async authenticate() {
      // Kafka has no layer of its own: whoever wants one uses TLS (SASL_SSL).
      const context = await openService('kafka', host, { flags: flagsFor('none') });
      const sasl = createSaslClient('GSSAPI', context, { protections: ['none'] });
      let challenge;
      while (!sasl.complete) {
        const message = await sasl.step(challenge);
        challenge = await saslAuthenticate({ request: { encode: () => sized(message) }, response });
      }
    },
  };
}

function sized(message) {
  const length = Buffer.alloc(4);
  length.writeInt32BE(message.length);
  return Buffer.concat([length, message]);
}
