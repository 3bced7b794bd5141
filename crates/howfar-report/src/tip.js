// Shows a point's own text beside it; without script the browser shows the same text as a title.
const tip = document.getElementById('tip');
const hide = () => { tip.hidden = true; };
for (const point of document.querySelectorAll('.point')) {
  point.querySelector('title').remove();
  const show = () => {
    tip.textContent = point.getAttribute('aria-label');
    tip.hidden = false;
    const at = point.querySelector('.reach').getBoundingClientRect();
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    const left = Math.max(8, Math.min(room, at.left + at.width / 2 - tip.offsetWidth / 2));
    const above = at.top - tip.offsetHeight - 4;
    tip.style.left = left + scrollX + 'px';
    tip.style.top = (above < 0 ? at.bottom + 4 : above) + scrollY + 'px';
  };
  point.addEventListener('pointerenter', show);
  point.addEventListener('focus', show);
  point.addEventListener('pointerleave', hide);
  point.addEventListener('blur', hide);
}
addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); });
