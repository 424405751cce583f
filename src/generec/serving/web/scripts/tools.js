/** The right end of the header: who is speaking, and light or dark. */

import { dropKey, hasKey, onKeyNeeded } from "./api.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { form, modal } from "./modal.js";
import { announce } from "./notices.js";
import { become, current, newcomer, recent, spoken } from "./person.js";

const THEMES = ["auto", "light", "dark"];
const DRAWN = { auto: "auto", light: "sun", dark: "moon" };

/** @param {() => void} changed called when somebody else is speaking */
export function tools(changed) {
  onKeyNeeded(askForKey);
  return [who(changed), theme()];
}

/** @param {() => void} changed */
function who(changed) {
  const name = el("strong", {});
  const button = el("button", { class: "who", type: "button" }, icon("person"), el("span", {}, "You are ", name));
  const show = () => {
    name.textContent = spoken(current());
    button.title = current();
  };
  button.addEventListener("click", async () => {
    const chosen = await choose();
    if (chosen === null) return;
    if (chosen) become(chosen);
    else newcomer();
    show();
    announce(`You are ${spoken(current())} now.`);
    changed();
  });
  addEventListener("storage", show);
  addEventListener("generec-person", show);
  show();
  return button;
}

/** @returns {Promise<string | null>} a name, "" for a newcomer, null for nobody else */
function choose() {
  return modal("Who are you?", (close) => {
    const input = /** @type {HTMLInputElement} */ (
      el("input", { id: "who-name", name: "who", maxlength: 512, required: true, autocomplete: "off", spellcheck: "false" })
    );
    input.value = current();
    const others = recent().filter((one) => one !== current());
    return [
      el("p", { class: "hint" }, "Likes, skips and your profile are kept under this name on this server. Any name will do; the id of somebody the server knows shows what they would see."),
      form(
        { class: "stack" },
        () => close(input.value.trim() || null),
        el("label", { for: "who-name" }, "Your name or id"),
        el("div", { class: "row" }, input, el("button", { class: "button primary", type: "submit" }, "That is me")),
      ),
      others.length > 0 &&
        el(
          "div",
          { class: "stack" },
          el("p", { class: "label" }, "Here before"),
          el("div", { class: "row wrap" }, others.map((one) => el("button", { class: "button", type: "button", on: { click: () => close(one) } }, one))),
        ),
      el(
        "div",
        { class: "row between wrap" },
        el("button", { class: "button quiet", type: "button", on: { click: () => close("") } }, "Start afresh as a guest"),
        hasKey() && el("button", { class: "button quiet", type: "button", on: { click: () => (dropKey(), close(current())) } }, "Forget the API key"),
      ),
    ].filter(Boolean);
  });
}

/** @param {boolean} refused whether a key was sent and not accepted @returns {Promise<string | null>} */
function askForKey(refused) {
  return modal(refused ? "That key was not accepted" : "This server asks for a key", (close) => {
    const input = /** @type {HTMLInputElement} */ (
      el("input", { id: "api-key", type: "password", required: true, autocomplete: "off", spellcheck: "false" })
    );
    return [
      el("p", { class: "hint" }, "Its operator makes one with “generec keys create NAME --scope write”. It is kept until this window is closed, and sent to this server only."),
      form(
        { class: "stack" },
        () => close(input.value.trim() || null),
        el("label", { for: "api-key" }, "API key"),
        el("div", { class: "row" }, input, el("button", { class: "button primary", type: "submit" }, "Use it")),
      ),
    ];
  });
}

function theme() {
  const button = el("button", { class: "icon-button", type: "button" });
  let chosen = document.documentElement.dataset.theme ?? "auto";
  const show = () => {
    const after = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
    fill(button, icon(DRAWN[/** @type {"auto"} */ (chosen)]));
    button.setAttribute("aria-label", `Colours: ${chosen === "auto" ? "as the system" : chosen}. Change to ${after}`);
    button.title = `Colours: ${chosen === "auto" ? "as the system" : chosen}`;
  };
  button.addEventListener("click", () => {
    chosen = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length];
    if (chosen === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    try {
      localStorage.setItem("generec.theme", chosen);
    } catch {
      // storage is off: for as long as the page is open
    }
    show();
    announce(`Colours: ${chosen}`);
  });
  show();
  return button;
}
