// Tells what a visitor who came by a link in the chat looks at, once they agreed; before that it stores and sends nothing.
//
//   <script src="https://hotline.example.com/t.js" data-page="product" data-product="Nova S7" data-category="electronics/phone"
//           data-price="449" data-currency="USD" defer></script>
//
//   hotline.consent(true)      the visitor agreed; false forgets all (data-consent="granted" says so for pages behind a banner)
//   hotline.page({ … })        the next page of a site that does not load anew: page, product, category, price, currency
//   hotline.cart({ action: 'add', product: …, category: …, amount: …, currency: … })      or remove, checkout, abandon
//
(() => {
  'use strict';
  const script = document.currentScript, KEY = 'hotline-visit', PARAMETER = 'ht';
  const to = new URL('t', script.src).href;
  // What is viewed, since when it is in sight, and for how many seconds it was before.
  let agreed = false, view = script.dataset, since = document.hidden ? null : Date.now(), viewed = 0;

  const visit = () => {
    try { return JSON.parse(sessionStorage.getItem(KEY)); } catch { return null; }
  };
  // Where the browser stores nothing, the shop's page goes on and nothing is told.
  const keep = visit => {
    try { sessionStorage.setItem(KEY, JSON.stringify(visit)); } catch {}
  };
  const forget = () => {
    try { sessionStorage.removeItem(KEY); } catch {}
  };

  const tell = event => {
    const { token } = (agreed && visit()) || {};
    if (!token) return;
    const id = Array.from(crypto.getRandomValues(new Uint32Array(3)), part => part.toString(36)).join('');
    // Text is sent without a question before, and also while the page is left.
    fetch(to, { method: 'POST', keepalive: true, credentials: 'omit', body: JSON.stringify({ token, id, ...event }) }).catch(() => {});
  };

  const filled = (from, names) => Object.fromEntries(names.filter(name => from[name]).map(name => [name, String(from[name])]));

  // A view that goes on, since the visitor came back to the page, is told again with all its seconds.
  const left = () => {
    const seen = visit();
    if (since === null || !agreed || !seen) return;
    const more = Math.round((Date.now() - since) / 1000);
    since = null;
    if (more < 1) return;
    seen.seconds += more;
    viewed += more;
    keep(seen);
    const page = view.page || (view.product ? 'product' : 'other');
    tell({ event: 'page', ...filled(view, ['product', 'category', 'price', 'currency']), page, seconds: viewed, visit_seconds: seen.seconds });
  };

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) left();
    else since = Date.now();
  });
  // Back from another page, which the browser kept this one behind.
  addEventListener('pageshow', shown => {
    if (shown.persisted) viewed = 0;
  });

  window.hotline = {
    consent(yes) {
      agreed = yes === true;
      if (!agreed) return forget();
      const here = new URL(location.href), token = here.searchParams.get(PARAMETER);
      if (!token) return;
      keep({ token, seconds: 0 });
      viewed = 0;
      here.searchParams.delete(PARAMETER);
      history.replaceState(history.state, '', here);
    },
    page(next) {
      left();
      view = next;
      viewed = 0;
      since = Date.now();
    },
    cart(change) {
      tell({ event: 'cart', ...filled(change, ['action', 'product', 'category', 'amount', 'currency']) });
    },
  };
  if (script.dataset.consent === 'granted') window.hotline.consent(true);
})();
