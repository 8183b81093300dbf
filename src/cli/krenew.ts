import { printable } from '../codec/text.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { type Arguments, type Command, jsonOption } from './command.ts';
import { helpText } from './help-text.ts';
import { kinitArguments } from './k5start.ts';
import { kstartAfterwards, kstartJob, kstartOptions, wrong } from './kstart-options.ts';
import { krenewWords } from './kstart-words.ts';
import { readyOption, runInBackground } from './run/background.ts';
import { runJob } from './run/job.ts';
import type { Io } from './terminal.ts';

const name = 'krenew';

/** krenew: renews the existing ticket, with the options of kstart's program. */
export const krenew: Command = {
  name,
  summary: 'Renew a ticket as long as possible, with the options of krenew.',
  operands: '[command...]',
  usageStatus: 1,
  options: [
    ...kstartOptions,
    { flags: '-i', text: 'Continue even if the ticket can no longer be renewed.' },
    { flags: '-s', text: 'Send SIGHUP to the command when the ticket can no longer be renewed.' },
    jsonOption,
    readyOption,
  ],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.has('h')) {
    io.out(helpText(krenew));
    return 0;
  }
  const common = kstartJob(args, args.operands, name);
  const hasCommand = common.command.length > 0;
  const lasting = hasCommand || args.has('K');
  if (args.has('s') && !hasCommand) throw wrong('-s option only makes sense with a command to run');
  if (args.has('b') && !args.has('readyFd')) return runInBackground(krenew, args, { word: name }, io);
  return runJob(
    {
      ...common,
      // A command gets a private copy of the cache, which nobody else destroys.
      kinit: kinitArguments({ json: args.value('json') }),
      withKeytab: false,
      secret: undefined,
      renewOnly: true,
      renews: true,
      patient: false,
      keepsGoing: args.has('i') && lasting,
      hangsUp: args.has('s'),
      say: () => undefined,
      announce(client) {
        if (!args.has('v')) return;
        io.out(`${printable(`${name}: renewing credentials for ${formatPrincipal(client)}`)}\n`);
      },
      words: krenewWords({ hasCommand }),
      afterwards: kstartAfterwards(args),
    },
    io,
  );
}
