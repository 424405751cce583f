// Runs before anything is painted, so that a chosen theme never flashes the other one.
(() => {
  try {
    const chosen = localStorage.getItem("generec.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // no storage: the system's theme stands
  }
})();
