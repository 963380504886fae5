import type { ScenarioName } from '../plan.js';
import { fanOut, payload1k, tenThousand, topics30 } from './fan-out.js';
import { idle } from './idle.js';
import { latency, strain } from './latency.js';
import { publishing } from './publishing.js';
import type { Scenario } from './scenario.js';
import { topics5000 } from './topics5000.js';

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  idle,
  'ten-thousand': tenThousand,
  latency,
  'fan-out': fanOut,
  payload1k,
  topics30,
  topics5000,
  publishing,
  strain,
};
