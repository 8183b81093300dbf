'use strict';
// Preloaded into a built command that ends a session: it must not touch the user's real keyrings, nor the caches in the
// place that all users share, where other tests may have some at the same time.
const fs = require('node:fs');

const { readFileSync, readdirSync } = fs;
fs.readFileSync = (path, ...rest) => (path === '/proc/keys' ? '' : readFileSync(path, ...rest));
fs.readdirSync = (path, ...rest) => (path === '/tmp' ? [] : readdirSync(path, ...rest));
