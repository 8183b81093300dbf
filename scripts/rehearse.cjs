// Runs a bundle and, when the command ends, writes the bytecode of what it ran:
// rehearse.cjs BUNDLE OUTPUT [ARGUMENT …]
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { dirname } = require('node:path');
const { Script } = require('node:vm');
const { wrap } = require('./launcher.cjs');

const [bundle, output, ...argv] = process.argv.slice(2);
const script = new Script(wrap(readFileSync(bundle, 'utf8')));
process.on('exit', () => writeFileSync(output, script.createCachedData()));
const module_ = { exports: {} };
script.runInThisContext()(module_.exports, require, module_, bundle, dirname(bundle));
module_.exports.start(argv);
