import type { Command } from './command.ts';
import { kdcAdd } from './kdc-add.ts';
import { kdcDelete } from './kdc-delete.ts';
import { kdcDump } from './kdc-dump.ts';
import { kdcImport } from './kdc-import.ts';
import { kdcInit } from './kdc-init.ts';
import { kdcKtadd } from './kdc-ktadd.ts';
import { kdcList } from './kdc-list.ts';
import { kdcModify } from './kdc-modify.ts';
import { kdcPasswd } from './kdc-passwd.ts';
import { kdcPolicy } from './kdc-policy.ts';
import { kdcShow } from './kdc-show.ts';

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
