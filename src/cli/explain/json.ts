import { ActivityError } from '../../local/activity.ts';
import { sentence } from '../../local/sentences.ts';
import { errorName } from '../../messages/error-codes.ts';
import { padataName } from '../../messages/padata-names.ts';
import type { Decision, Fact } from '../../trace.ts';
import { UsageError } from '../command.ts';
import { asciiJson, enctypeJson, named } from '../json.ts';
import type { Failure } from '../run-command.ts';
import type { Io } from '../terminal.ts';
import { hintFor } from './hints.ts';
import { storyOf } from './story.ts';

/** A failure as one line of JSON: ASCII, times in ISO 8601 and UTC, and names beside numbers that have them. */
export function failureJson({ program, error, exitStatus }: Failure, io: Io): string {
  const story = storyOf(error, io);
  const cause = error instanceof ActivityError ? error.cause : error;
  const { number } = story;
  const failure = {
    program,
    code: error instanceof UsageError ? 'USAGE' : (story.errors[0]?.code ?? 'INTERNAL'),
    krbError: number === undefined ? null : named(number, errorName(number)),
    // MIT's programs often show no more than their usage.
    message: error instanceof UsageError ? error.message || 'The command line is wrong' : sentence(cause),
    activity: error instanceof ActivityError ? error.activity : null,
    exitStatus,
    time: io.now(),
    hint: hintFor(story) ?? null,
    clock: story.clock ?? null,
    tried: story.decisions.map(decisionJson),
  };
  return asciiJson(failure);
}

function decisionJson({ time, text, fact }: Decision): object {
  return { time, decision: text, ...(fact && factJson(fact)) };
}

/** The same fact, with names beside the numbers. */
function factJson(fact: Fact): object {
  const entries = Object.entries(fact).map(([key, value]) => [key, valueJson(key, value)]);
  const json = Object.fromEntries(entries);
  return fact.kind === 'keytab' ? { ...json, keys: fact.keys.map(keyJson) } : json;
}

function keyJson({ kvno, enctype, time }: { kvno: number; enctype: number; time: Date }): object {
  return { kvno, enctype: enctypeJson(enctype), time };
}

function valueJson(key: string, value: unknown): unknown {
  if (key === 'enctype' && typeof value === 'number') return enctypeJson(value);
  if (key === 'enctypes' && Array.isArray(value)) return value.map(enctypeJson);
  if (key === 'padataType' && typeof value === 'number') return named(value, padataName(value));
  if (key === 'padataTypes' && Array.isArray(value)) return value.map(type => named(type, padataName(type)));
  return value;
}
