// Runs a bundle and, when the command ends well, writes the bytecode of all that it ran, a file for each bundle and part:
// rehearse.cjs BUNDLE DIRECTORY [ARGUMENT …]
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');
const { Script } = require('node:vm');

const [bundle, directory, ...argv] = process.argv.slice(2);
const scripts = new Map();
const modules = new Map();

process.on('exit', status => {
  if (status !== 0) return;
  for (const [file, script] of scripts) {
    writeFileSync(join(directory, basename(file, '.cjs')), script.createCachedData());
  }
});
load(bundle).start(argv);

function load(file) {
  const known = modules.get(file);
  if (known !== undefined) return known.exports;
  const script = new Script(readFileSync(file, 'utf8'));
  const module_ = { exports: {} };
  scripts.set(file, script);
  modules.set(file, module_);
  script.runInThisContext()(module_.exports, requireFromBundles, module_, file, dirname(file));
  return module_.exports;
}

function requireFromBundles(id) {
  return id.startsWith('./') ? load(join(dirname(bundle), id)) : require(id);
}
