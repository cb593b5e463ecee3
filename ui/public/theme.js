// Resolves light, dark or auto before first paint. Plain script, no module: a module would run too late.
(() => {
  let choice = 'auto';
  try {
    choice = localStorage.getItem('foursight.theme') ?? 'auto';
  } catch {
    // Storage may be forbidden; auto is right then.
  }
  const dark =
    choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
