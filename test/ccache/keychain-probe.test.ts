import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sessionBusSocket } from '../../src/ccache/keychain/bus-address.ts';
import { probeKeychain } from '../../src/ccache/keychain/probe.ts';
import { scratch } from './samples.ts';

describe('sessionBusSocket', () => {
  it.each([
    ['unix:path=/run/user/1000/bus', '/run/user/1000/bus'],
    ['unix:path=/run/user/1000/bus,guid=0123', '/run/user/1000/bus'],
    ['unix:guid=0123,path=/a%20b', '/a b'],
    ['unix:abstract=/tmp/dbus-x', '\0/tmp/dbus-x'],
    ['unix:path=/first;unix:path=/second', '/first'],
    ['tcp:host=localhost,port=1', ''],
    ['autolaunch:', ''],
    ['', undefined],
    // What people set to have none, in container images for example.
    ['/dev/null', undefined],
    ['disabled:', undefined],
  ])('of %j is %j', (address, socket) => {
    expect(sessionBusSocket({ DBUS_SESSION_BUS_ADDRESS: address })).toBe(socket);
  });

  it('without an address is the bus of the runtime directory, if it has one', () => {
    const directory = scratch();
    expect(sessionBusSocket({ XDG_RUNTIME_DIR: directory })).toBeUndefined();
    writeFileSync(join(directory, 'bus'), '');
    expect(sessionBusSocket({ XDG_RUNTIME_DIR: directory })).toBe(join(directory, 'bus'));
    expect(sessionBusSocket({})).toBeUndefined();
  });
});

describe('probeKeychain', () => {
  it('knows from the environment alone that there is none', async () => {
    expect(await probeKeychain({}, 'linux')).toEqual({
      usable: false,
      absent: true,
      reason: 'there is no D-Bus session',
    });
  });
});
