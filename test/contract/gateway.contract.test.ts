import { examineGateways } from './gateway-examination.js';

examineGateways(0);
