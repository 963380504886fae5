import { z } from 'zod';
import { histogramSchema } from './histogram.js';

/** Which topics the readers want, and how the server is told. */
const wantsSchema = z.object({
  topics: z.number().int().positive(),
  topicsPerReader: z.number().int().positive(),
  /** For each topic of a reader, with its number in place of `{topic}`; joined by `separator` they replace `{topics}` in the target. */
  item: z.string(),
  separator: z.string(),
  /** The people who read, in turn: their tokens stand in place of `{token}` in the target. */
  tokens: z.array(z.string()).optional(),
});
export type Wants = z.infer<typeof wantsSchema>;

/** How a reader connects. `readyText`: what the server has sent once the reader certainly hears everything; null: the HTTP head. */
export const readerTargetSchema = z.discriminatedUnion('transport', [
  z.object({
    transport: z.literal('sse'),
    port: z.number(),
    wants: wantsSchema,
    path: z.string(),
    readyText: z.string().nullable(),
  }),
  z.object({
    transport: z.literal('websocket'),
    port: z.number(),
    wants: wantsSchema,
    path: z.string(),
    /** Further lines of the request's head. */
    headers: z.array(z.string()),
    readyText: z.string().nullable(),
  }),
  z.object({
    transport: z.literal('socketio'),
    port: z.number(),
    wants: wantsSchema,
    /** The Socket.IO CONNECT packet, with what the server wants to know. */
    connectPacket: z.string(),
    readyText: z.string(),
  }),
  z.object({ transport: z.literal('nats'), port: z.number(), wants: wantsSchema }),
]);
export type ReaderTarget = z.infer<typeof readerTargetSchema>;

/** What the bench asks of a process full of readers; one command at a time. */
export const readerCommandSchema = z.discriminatedUnion('command', [
  z.object({
    command: z.literal('open'),
    target: readerTargetSchema,
    /** The number of the first of them, which decides their topics. */
    first: z.number().int().nonnegative(),
    count: z.number().int().positive(),
  }),
  z.object({ command: z.literal('begin'), lanes: z.number().int().positive() }),
  z.object({ command: z.literal('finish'), sent: z.array(z.number().int()), timeoutMs: z.number() }),
  z.object({ command: z.literal('close') }),
]);
export type ReaderCommand = z.infer<typeof readerCommandSchema>;

/** What the readers of one process got in one run. */
export const readReportSchema = z.object({
  deliveries: z.number().int(),
  /** What was wrong, with how many readers; empty: complete and in order, and all in the same order. */
  faults: z.array(z.string()),
  /** By group of readers: a hash of the order in which all of the group got their messages. */
  orders: z.record(z.string(), z.number().int()),
  /** Monotonic microseconds; 0 when nothing arrived. */
  lastAtMicros: z.number(),
  /** From the scheduled sending to the arrival of each message at each reader. */
  latency: histogramSchema,
  /** CPU microseconds that this process used since `begin`. */
  cpuMicros: z.number(),
});
export type ReadReport = z.infer<typeof readReportSchema>;

/**
 * How messages are published. One lane has one request in flight, so that their order is known; its request is built once, and only the digits of
 * topics and marks are overwritten. `{topic}` becomes the number of the message's topic, five digits.
 */
export const publishTargetSchema = z.object({
  port: z.number(),
  /** `http`: POST. `websocket`: a text frame on a kept connection, answered by a `reply` with its `id`. `nats`: PUB, answered by the PONG to a PING. */
  protocol: z.enum(['http', 'websocket', 'nats']),
  /** Of the URL, or the subject of NATS. */
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  /** One message with one mark in it; `{lane}` becomes the lane's number, three digits. */
  message: z.string(),
  topics: z.number().int().positive(),
  /** How many messages one request carries, and what is before and after them; they are separated by commas. */
  batch: z.object({ size: z.number().int().positive(), before: z.string(), after: z.string() }),
  /** How many lanes share a connection; with HTTP always 1. */
  lanesPerConnection: z.number().int().positive(),
});
export type PublishTarget = z.infer<typeof publishTargetSchema>;

/**
 * Closed loop: each lane sends its next message when the one before is answered. Open loop: messages are due at a fixed rate
 * whatever the server does, and take the lane that has been free the longest.
 */
export const loadSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('closed'), lanes: z.number().int().positive(), durationMs: z.number().positive() }),
  z.object({
    kind: z.literal('open'),
    lanes: z.number().int().positive(),
    durationMs: z.number().positive(),
    perSecond: z.number().positive(),
  }),
]);
export type Load = z.infer<typeof loadSchema>;

/** `publish`: all of it, then the report. `begin`: only starts, and `end` stops it before its time and asks for the report. */
export const publishCommandSchema = z.discriminatedUnion('command', [
  z.object({ command: z.literal('publish'), target: publishTargetSchema, load: loadSchema }),
  z.object({ command: z.literal('begin'), target: publishTargetSchema, load: loadSchema }),
  z.object({ command: z.literal('end') }),
]);
export type PublishCommand = z.infer<typeof publishCommandSchema>;

export const publishReportSchema = z.object({
  /** Messages that were accepted, per lane. */
  sent: z.array(z.number().int()),
  /** Monotonic microseconds of the first scheduled sending and of the last answer. */
  firstAtMicros: z.number(),
  lastAtMicros: z.number(),
  /** From the scheduled sending to the answer. */
  latency: histogramSchema,
  cpuMicros: z.number(),
});
export type PublishReport = z.infer<typeof publishReportSchema>;

/** What a child process answers to each command. */
export const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);
export type Answer = z.infer<typeof answerSchema>;
