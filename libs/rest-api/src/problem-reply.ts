import type { FastifyReply } from 'fastify';
import { retryHeaders, type DomainError } from '#clarion/protocol';

/** RFC 9457 §3. */
export const PROBLEM_TYPE = 'application/problem+json';

/** Answers with the error's problem document. The reply must not have been sent. */
export function sendProblem(reply: FastifyReply, error: DomainError): void {
  const problem = error.toProblem(reply.request.id);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  reply.headers(retryHeaders(error)).code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}
