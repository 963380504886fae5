import { SharedEvents } from './shared-events.js';

// `#server=http://localhost:3000&topics=demo&token=…`: a fragment is sent to no server.
const given = new URLSearchParams(location.hash.slice(1));
const topics = given.get('topics') ?? 'demo';

/** Asked at each connection; a real page would get a new token from its own server here. */
function address() {
  const url = new URL('/v1/events', given.get('server') ?? 'http://localhost:3000');
  url.searchParams.set('topics', topics);
  url.searchParams.set('access_token', given.get('token') ?? '');
  return url;
}

/** @param {string} id */
function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** @param {string} text */
function show(text) {
  const line = document.createElement('li');
  line.textContent = text;
  byId('list').prepend(line);
}

const events = new SharedEvents(address, `clarion ${topics}`);
let count = 0;
events.addEventListener('ready', () => {
  if (!events.isLeader) byId('role').textContent = 'follows';
  document.body.dataset.ready = 'true';
});
events.addEventListener('leader', () => (byId('role').textContent = 'leads'));
events.addEventListener('notification', (event) => {
  if (!(event instanceof CustomEvent)) return;
  count += 1;
  byId('count').textContent = String(count);
  show(event.detail.title ?? event.detail.id);
});
events.addEventListener('gap', () => show('What came before this is lost: load it anew.'));
