import { systemdCommand, systemdEnvironment, type UserService, withoutSpecifiers } from '../user/units.ts';

/** The socket that systemd binds for the agent, which is started when the first client connects. */
export function systemdSocket(socket: string): string {
  return `[Unit]
Description=Kerberos tickets kept by krb5kit

[Socket]
ListenStream=${withoutSpecifiers(socket)}
SocketMode=0600
DirectoryMode=0700

[Install]
WantedBy=sockets.target
`;
}

export function systemdService(service: UserService): string {
  return `[Unit]
Description=Kerberos tickets kept by krb5kit
Requires=krb5kit-agent.socket

[Service]
ExecStart=${systemdCommand(service)}
${systemdEnvironment(service)}NoNewPrivileges=yes

[Install]
Also=krb5kit-agent.socket
`;
}
