/** What a service manager is to run. */
export interface ServiceSpec {
  readonly program: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly socket: string;
}

/** The socket that systemd binds for the agent, which it starts when the first client comes. */
export function systemdSocket({ socket }: ServiceSpec): string {
  return `[Unit]
Description=Kerberos tickets kept by krb5kit

[Socket]
ListenStream=${specifier(socket)}
SocketMode=0600
DirectoryMode=0700

[Install]
WantedBy=sockets.target
`;
}

export function systemdService({ program, environment }: ServiceSpec): string {
  const variables = Object.entries(environment).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`,
  );
  return `[Unit]
Description=Kerberos tickets kept by krb5kit
Requires=krb5kit-agent.socket

[Service]
ExecStart=${program.map(word => quoted(word).replaceAll('$', '$$$$')).join(' ')}
${variables.join('')}NoNewPrivileges=yes

[Install]
Also=krb5kit-agent.socket
`;
}

/** launchd starts the agent at login and again if it fails; it hands sockets only to programs that call its library. */
export function launchdPlist(label: string, { program, environment }: ServiceSpec): string {
  const text = (value: string): string => `<string>${xml(value)}</string>`;
  const variables = Object.entries(environment).map(
    ([name, value]) => `<key>${xml(name)}</key>${text(value)}`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>${text(label)}
  <key>ProgramArguments</key><array>${program.map(text).join('')}</array>
  <key>EnvironmentVariables</key><dict>${variables.join('')}</dict>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
</dict>
</plist>
`;
}

/** A word of a unit file: quoted, without specifiers. */
function quoted(word: string): string {
  return `"${specifier(word).replace(/[\\"]/g, '\\$&')}"`;
}

function specifier(text: string): string {
  return text.replaceAll('%', '%%');
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
