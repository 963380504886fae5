import 'reflect-metadata';
import { startClarion } from './start.js';

await startClarion(process.env);
