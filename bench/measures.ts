/** Everything that is measured: the head of its column, with the unit, and the digits after the point. */
export const MEASURES = {
  saturatedRate: { head: 'deliveries/s', digits: 0 },
  saturatedP99Ms: { head: 'p99 then, ms', digits: 1 },
  saturatedCpu: { head: 'CPU s/M', digits: 2 },
  saturatedWindow: { head: 'in flight', digits: 0 },
  fixedP50Ms: { head: 'p50 at 10/s, ms', digits: 1 },
  fixedP99Ms: { head: 'p99 at 10/s, ms', digits: 1 },
  fixedCpu: { head: 'CPU s/M at 10/s', digits: 2 },
  strainP50Ms: { head: 'p50 at 400/s, ms', digits: 1 },
  strainP99Ms: { head: 'p99 at 400/s, ms', digits: 1 },
  strainCpu: { head: 'CPU s/M at 400/s', digits: 2 },
  emptyMB: { head: 'MB empty', digits: 0 },
  idleKB: { head: 'KB/connection', digits: 2 },
  publishRate: { head: 'publishes/s', digits: 0 },
  publishAnswerP99Ms: { head: 'answer p99, ms', digits: 1 },
  publishCpu: { head: 'CPU µs/publish', digits: 0 },
  singleRate: { head: 'single/s', digits: 0 },
  singleP99Ms: { head: 'p99, ms', digits: 1 },
  singleCpu: { head: 'CPU µs each', digits: 0 },
  batchRate: { head: 'batch/s', digits: 0 },
  batchP99Ms: { head: 'p99, ms', digits: 1 },
  batchCpu: { head: 'CPU µs each', digits: 0 },
  keptRate: { head: 'kept/s', digits: 0 },
  keptP99Ms: { head: 'p99, ms', digits: 1 },
  keptCpu: { head: 'CPU µs each', digits: 0 },
} as const satisfies Readonly<Record<string, { readonly head: string; readonly digits: number }>>;

export type Measure = keyof typeof MEASURES;
export type Figures = Readonly<Partial<Record<Measure, number>>>;

export const MEASURE_NAMES: readonly Measure[] = Object.keys(MEASURES).filter(isMeasure);

function isMeasure(name: string): name is Measure {
  return name in MEASURES;
}
