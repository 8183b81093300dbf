// Runs a bundle and, when the command ends well, writes the bytecode of all that it ran:
// rehearse.cjs BUNDLE OUTPUT [ARGUMENT …]
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { dirname } = require('node:path');
const { Script } = require('node:vm');

const [bundle, output, ...argv] = process.argv.slice(2);
const script = new Script(readFileSync(bundle, 'utf8'));
process.on('exit', status => {
  if (status === 0) writeFileSync(output, script.createCachedData());
});
const module_ = { exports: {} };
script.runInThisContext()(module_.exports, require, module_, bundle, dirname(bundle));
module_.exports.start(argv);
