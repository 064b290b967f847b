import { SigError } from '../../src/errors.ts';
import type { Run } from './command.ts';

export const run: Run = () => Promise.reject(new SigError('E_IMPORT', 'x'));
