import type { FastifyReply } from 'fastify';
import { type DomainError, type ErrorCode } from '#clarion/protocol';

/** RFC 9457 §3. */
export const PROBLEM_TYPE = 'application/problem+json';

/** Seconds after which trying again makes sense (RFC 9110 §10.2.3), for the codes whose status calls for it. */
const RETRY_AFTER_S: Partial<Record<ErrorCode, number>> = { 'rate.limited': 1, overloaded: 1, draining: 5 };

/** Answers with the error's problem document. The reply must not have been sent. */
export function sendProblem(reply: FastifyReply, error: DomainError): void {
  const problem = error.toProblem(reply.request.id);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  const retryAfter = RETRY_AFTER_S[error.code];
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}
