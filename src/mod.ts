export { SigError } from './errors.ts';
