/** What the page does by itself: search, one language for all samples, the address of this server, copying. */
export const SCRIPT = `
const byId = (id) => document.getElementById(id);
const search = byId('search');
const texts = document.querySelectorAll('.samples code');
for (const text of texts) text.textContent = text.textContent.replaceAll('http://127.0.0.1:8080', location.origin);

function filter() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let found = 0;
  for (const item of document.querySelectorAll('[data-words]')) {
    item.hidden = !words.every((word) => item.dataset.words.includes(word));
    if (!item.hidden && item.tagName === 'SECTION') found += 1;
  }
  for (const group of document.querySelectorAll('.group, .tag')) {
    group.hidden = !group.querySelector('[data-words]:not([hidden])');
  }
  document.querySelector('.intro').hidden = words.length > 0;
  byId('none').hidden = found > 0;
}
search.addEventListener('input', filter);
addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  } else if (event.key === 'Escape' && document.activeElement === search) {
    search.value = '';
    filter();
    search.blur();
  }
});

addEventListener('change', ({ target }) => {
  if (!target.dataset.label) return;
  for (const other of document.querySelectorAll('[data-label="' + target.dataset.label + '"]')) other.checked = true;
  target.scrollIntoView({ block: 'nearest' });
});

for (const sample of document.querySelectorAll('.samples pre')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(sample.querySelector('code').textContent);
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), 1500);
  });
  sample.append(button);
}

const links = new Map([...document.querySelectorAll('nav a')].map((link) => [link.hash.slice(1), link]));
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    for (const link of links.values()) link.removeAttribute('aria-current');
    const link = links.get(target.id);
    if (!link) continue;
    link.setAttribute('aria-current', 'true');
    link.scrollIntoView({ block: 'nearest' });
  }
}, { rootMargin: '-15% 0px -75% 0px' });
for (const section of document.querySelectorAll('.operation')) seen.observe(section);
`;
