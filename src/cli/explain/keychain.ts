import type { OtherError } from './other-error.ts';

const DESKTOP = 'D-Bus or libsecret, for a program that uses the keychain of the desktop';
const WITHOUT =
  'without a desktop, use another cache: KRB5KIT_KEYCHAIN=passphrase seals KEYCHAIN: with a passphrase, FILE: is not sealed';

/** Why the keychain of a Linux desktop cannot be used. */
export const KEYCHAIN_ERRORS: readonly OtherError[] = [
  {
    name: 'The name org.freedesktop.secrets was not provided by any .service files',
    pattern: /org\.freedesktop\.secrets.* was not provided by any \.service files/i,
    sentence: 'No program that stores secrets is running or installed',
    saidBy: DESKTOP,
    causes: ['neither gnome-keyring nor KeePassXC nor KWallet is installed, or none was started at login'],
    hint: `install and start gnome-keyring; ${WITHOUT}`,
  },
  {
    name: 'Cannot autolaunch D-Bus without X11 $DISPLAY',
    pattern:
      /cannot autolaunch d-bus|cannot spawn a message bus|unable to autolaunch a dbus-daemon|DBUS_SESSION_BUS_ADDRESS.* not set/i,
    sentence: 'There is no D-Bus session, and none can be started',
    saidBy: DESKTOP,
    causes: [
      'this is not a desktop session: ssh, cron, a service or a container',
      'sudo or su has removed DBUS_SESSION_BUS_ADDRESS from the environment',
    ],
    hint: `run it in the desktop session, or with dbus-run-session; ${WITHOUT}`,
  },
  {
    name: 'Cannot create an item in a locked collection',
    sentence: 'The keychain is locked',
    saidBy: DESKTOP,
    causes: ['the session was not started with the password of the user: ssh, a fingerprint, or autologin'],
    hint: 'unlock the keychain, for example with seahorse, and try again',
  },
];
