// `npm run build`: compiles everything and copies what is not compiled.
import { build, requireNode } from './setup.mjs';

requireNode();
build();
