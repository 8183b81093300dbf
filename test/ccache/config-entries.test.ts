import { describe, expect, it } from 'vitest';
import {
  configEntry,
  configKey,
  configPrincipal,
  findConfig,
  isConfigEntry,
  startRealm,
  startRealmEntries,
} from '../../src/ccache/config-entries.ts';
import { tgsPrincipal } from '../../src/messages/principal.ts';
import { alice, credential, tgt } from './tickets.ts';

const about = tgsPrincipal('A.TEST');
const entry = configEntry(alice, 'pa_type', about, '151');

describe('configuration entries', () => {
  it('carry key, principal and value where the native libraries look for them', () => {
    expect(entry.server).toEqual({
      nameType: 1,
      components: ['krb5_ccache_conf_data', 'pa_type', 'krbtgt/A.TEST@A.TEST'],
      realm: 'X-CACHECONF:',
    });
    expect(Buffer.from(entry.ticket).toString()).toBe('151');
    expect(configKey(entry)).toBe('pa_type');
    expect(configPrincipal(entry)).toBe('krbtgt/A.TEST@A.TEST');
  });

  it('are told from tickets by their server', () => {
    expect(isConfigEntry(entry)).toBe(true);
    expect(isConfigEntry(tgt)).toBe(false);
    expect(configKey(tgt)).toBe(undefined);
    expect(configPrincipal({ ...tgt, server: { ...tgt.server, components: ['a', 'b', 'c'] } })).toBe(
      undefined,
    );
  });

  it('are found by key and principal, those about the whole cache without one', () => {
    const whole = configEntry(alice, 'pa_type', undefined, Uint8Array.of(1));
    const credentials = [tgt, whole, entry];
    expect(findConfig({ credentials }, 'pa_type')).toEqual(Uint8Array.of(1));
    expect(findConfig({ credentials }, 'pa_type', about)).toEqual(entry.ticket);
    expect(findConfig({ credentials }, 'pa_type', alice)).toBe(undefined);
    expect(findConfig({ credentials }, 'fast_avail', about)).toBe(undefined);
  });
});

describe('the start realm', () => {
  const foreign = { ...tgt, server: tgsPrincipal('B.TEST', 'A.TEST') };

  it('is noted of a ticket-granting ticket for another realm than the client\u2019s, and found again', () => {
    const entries = startRealmEntries(foreign);
    expect(entries.map(configKey)).toEqual(['start_realm']);
    expect(startRealm({ principal: alice, credentials: [...entries, foreign] })).toBe('B.TEST');
  });

  it('is the client\u2019s own where nothing is noted', () => {
    expect(startRealmEntries(tgt)).toEqual([]);
    expect(startRealmEntries(credential('host/b@B.TEST'))).toEqual([]);
    expect(startRealm({ principal: alice, credentials: [tgt] })).toBe('A.TEST');
  });
});
