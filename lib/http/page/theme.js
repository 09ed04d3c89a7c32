/**
 * Light or dark: the system's choice unless one was made here. This is a
 * classic script in the head, so that no page flashes in the other colours.
 *
 * @module
 */
(() => {
  try {
    const theme = localStorage.getItem("dash7-edge.theme");
    if (theme === "light" || theme === "dark") {
      document.documentElement.dataset.theme = theme;
    }
  } catch {
    // Storage is switched off: the system's choice holds.
  }
})();
