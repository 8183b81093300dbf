import { KerberosError } from '../../errors.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import { tellShortly } from '../run-command.ts';
import type { Io } from '../terminal.ts';

const name = 'krb5kit cache lock';

/** cache lock: makes the agent forget the key of the sealed caches, like `agent --lock`. */
export const cacheLock: Command = {
  name,
  summary: 'Make the agent forget the key of the sealed caches.',
  operands: '',
  usageStatus: 2,
  options: [jsonOutput],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length > 0) throw new UsageError(`${name}: unexpected argument "${args.operands[0]}"`);
  if (io.uid === undefined) throw new KerberosError('AGENT_LISTEN', 'There is no agent on this system');
  const { lockAgent } = await import('../agent/control.ts');
  const { agentPaths } = await import('../agent/paths.ts');
  if (await lockAgent(agentPaths(io))) {
    const { lineOfJson } = await import('../json.ts');
    io.out(args.has('json') ? lineOfJson({ locked: true }) : 'The agent has forgotten the key\n');
    return 0;
  }
  const error = new KerberosError('AGENT_LISTEN', 'no agent runs');
  await tellShortly({ program: name, error, exitStatus: 1 }, args, io);
  return 1;
}
