/**
 * `live`: has everything up to the head, and is fed by the fan-out. `catching up`: reads pages after its cursor as its link drains,
 * and turns live in the same turn in which it has read what memory holds up to the head. `opening` waits to learn where its cursor lies.
 */
export type SessionState = 'opening' | 'catching up' | 'live' | 'ended';
