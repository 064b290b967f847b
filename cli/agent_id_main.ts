#!/usr/bin/env node
// The bin `agent-id`: `sig agent-id` without the prefix.
import process from 'node:process';

process.argv.splice(2, 0, 'agent-id');
await import('./main.ts');
