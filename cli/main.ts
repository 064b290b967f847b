#!/usr/bin/env node
console.log('sig');
