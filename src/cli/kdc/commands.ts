import type { Command } from '../command.ts';
import { kdcAdd } from './add.ts';
import { kdcDelete } from './delete.ts';
import { kdcDump } from './dump.ts';
import { kdcImport } from './import.ts';
import { kdcInit } from './init.ts';
import { kdcKtadd } from './ktadd.ts';
import { kdcList } from './list.ts';
import { kdcModify } from './modify.ts';
import { kdcPasswd } from './passwd.ts';
import { kdcPolicy } from './policy.ts';
import { kdcShow } from './show.ts';

/** The commands on a database, by the words that call them. */
export const databaseCommands: Readonly<Record<string, Command>> = {
  init: kdcInit,
  add: kdcAdd,
  delete: kdcDelete,
  list: kdcList,
  show: kdcShow,
  passwd: kdcPasswd,
  modify: kdcModify,
  ktadd: kdcKtadd,
  policy: kdcPolicy,
  dump: kdcDump,
  import: kdcImport,
};
