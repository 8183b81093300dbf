import { describe, expect, it } from 'vitest';
import {
  configEntry,
  configKey,
  configPrincipal,
  findConfig,
  isConfigEntry,
} from '../../src/ccache/config-entries.ts';
import { tgsPrincipal } from '../../src/messages/principal.ts';
import { alice, tgt } from './tickets.ts';

const about = tgsPrincipal('A.TEST');
const entry = configEntry(alice, 'pa_type', about, '151');

describe('configuration entries', () => {
  it('carry key, principal and value where the native libraries look for them', () => {
    expect(entry.server).toEqual({
      nameType: 0,
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
