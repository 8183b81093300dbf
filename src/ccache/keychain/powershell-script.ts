import { textToBytes } from '../../codec/text.ts';

/** One call on the Credential Manager, as data. */
export type ScriptCall =
  | { readonly method: 'Read' | 'Remove'; readonly target: string }
  | { readonly method: 'Write'; readonly target: string; readonly user: string; readonly secret: Uint8Array };

// Type 1 is CRED_TYPE_GENERIC, Persist 3 is CRED_PERSIST_ENTERPRISE, as keytar has them; 1168 is ERROR_NOT_FOUND. In
// the C# that the compiler of Windows itself understands.
const SOURCE = `using System;
using System.Runtime.InteropServices;
public static class Krb5kit {
  [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
  public struct Credential {
    public int Flags;
    public int Type;
    public string TargetName;
    public string Comment;
    public System.Runtime.InteropServices.ComTypes.FILETIME LastWritten;
    public int BlobSize;
    public IntPtr Blob;
    public int Persist;
    public int AttributeCount;
    public IntPtr Attributes;
    public string TargetAlias;
    public string UserName;
  }
  [DllImport("advapi32.dll", EntryPoint = "CredReadW", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern bool CredRead(string target, int type, int flags, out IntPtr credential);
  [DllImport("advapi32.dll", EntryPoint = "CredWriteW", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern bool CredWrite(ref Credential credential, int flags);
  [DllImport("advapi32.dll", EntryPoint = "CredDeleteW", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern bool CredDelete(string target, int type, int flags);
  [DllImport("advapi32.dll")]
  static extern void CredFree(IntPtr credential);
  static string Failed() {
    int code = Marshal.GetLastWin32Error();
    return code == 1168 ? "none" : "failed " + code;
  }
  public static string Read(string target) {
    IntPtr found;
    if (!CredRead(target, 1, 0, out found)) return Failed();
    try {
      Credential credential = (Credential)Marshal.PtrToStructure(found, typeof(Credential));
      byte[] blob = new byte[credential.BlobSize];
      if (blob.Length > 0) Marshal.Copy(credential.Blob, blob, 0, blob.Length);
      return "value " + Convert.ToBase64String(blob);
    } finally {
      CredFree(found);
    }
  }
  public static string Write(string target, string user, byte[] blob) {
    Credential credential = new Credential();
    credential.Type = 1;
    credential.TargetName = target;
    credential.UserName = user;
    credential.Persist = 3;
    credential.BlobSize = blob.Length;
    credential.Blob = Marshal.AllocHGlobal(blob.Length);
    try {
      Marshal.Copy(blob, 0, credential.Blob, blob.Length);
      return CredWrite(ref credential, 0) ? "done" : Failed();
    } finally {
      Marshal.FreeHGlobal(credential.Blob);
    }
  }
  public static string Remove(string target) {
    return CredDelete(target, 1, 0) ? "done" : Failed();
  }
}`;

/**
 * What PowerShell reads from its standard input: it makes the call and prints `krb5kit: ` and how it went. Read from
 * there, a statement is run when its line ends, or after an empty one where it goes over several, so it is one line and
 * an empty one; all but ASCII is base64, because the console's code page decodes it. A failure is printed as the value
 * of a statement, because a restricted language mode allows nothing else; PowerShell would break longer values into
 * lines.
 */
export function powershellScript(call: ScriptCall): string {
  const statements = [
    `$ErrorActionPreference = 'Stop'`,
    `$text = { param($base64) [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($base64)) }`,
    `try { Add-Type -IgnoreWarnings -TypeDefinition (& $text ${base64(textToBytes(SOURCE))}); $answer = ${invocation(call)}; ` +
      `[Console]::Out.WriteLine('krb5kit: ' + $answer) } ` +
      `catch { "krb5kit: failed $($ExecutionContext.SessionState.LanguageMode)" }`,
  ];
  return `& { ${statements.join('; ')} }\n\n`;
}

function invocation(call: ScriptCall): string {
  const words = [call.target, ...('user' in call ? [call.user] : [])];
  const texts = words.map(word => `(& $text ${base64(textToBytes(word))})`);
  const bytes = 'secret' in call ? [`([Convert]::FromBase64String(${base64(call.secret)}))`] : [];
  return `[Krb5kit]::${call.method}(${[...texts, ...bytes].join(', ')})`;
}

function base64(bytes: Uint8Array): string {
  return `'${Buffer.from(bytes).toString('base64')}'`;
}
