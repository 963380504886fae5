import { ONE_TOPIC } from '../layout.js';
import type { Scenario } from './scenario.js';

/** Single POSTs as fast as they are answered, and one subscriber who must get all of them. */
export const publishing: Scenario = {
  name: 'publishing',
  measures: ['publishRate', 'publishAnswerP99Ms', 'publishCpu'],
  title: ({ publishing: { window } }) => `Publishing: ${window} single POSTs in flight, one subscriber`,
  async play(stage, { publishing: { window, durationMs }, warmUpMs }) {
    const doors = await stage.seat(1, ONE_TOPIC);
    await stage.attempt(doors.publish, { kind: 'closed', lanes: window, durationMs: warmUpMs });
    const run = await stage.run(doors.publish, { kind: 'closed', lanes: window, durationMs });
    return {
      figures: {
        publishRate: run.publishesPerSecond,
        publishAnswerP99Ms: run.answer.p99,
        publishCpu: run.serverCpuSecondsPerMillion,
      },
      runs: [run],
    };
  },
};
