"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const root = document.documentElement;
  const data = JSON.parse(find("data").textContent);
  const say = (text) => { find("said").textContent = text; };

  // Light and dark: the system's, until someone says otherwise.
  const stored = (value) => {
    try {
      if (value === undefined) return localStorage.getItem("attncheck-theme");
      localStorage.setItem("attncheck-theme", value);
    } catch { /* a page from a file may not be allowed to keep anything */ }
    return null;
  };
  const before = stored();
  if (before === "light" || before === "dark") root.dataset.theme = before;
  find("theme").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    stored(root.dataset.theme);
    say(`${root.dataset.theme} colours`);
  });

  // Filter: rows of the table and sections below pass together.
  const sections = [...document.querySelectorAll("details.subject")];
  const rows = new Map([...document.querySelectorAll("#matrix tbody tr")].map((row) => [row.dataset.id, row]));
  const texts = new Map();
  const textOf = (section) => {
    let text = texts.get(section.id);
    if (text === undefined) {
      const messages = (data.subjects[section.id] || []).map((one) => `${data.claims[one[0]]} ${data.texts[one[2]]}`);
      const inside = section.querySelector("template");
      const said = [section.querySelector("summary"), (inside ? inside.content : section).querySelector(".origin")]
        .map((part) => part.textContent);
      text = [...said, ...messages].join("\n").toLowerCase();
      texts.set(section.id, text);
    }
    return text;
  };
  const loud = new Set(["violated", "undecided", "error", "advice"]);
  const breaks = (section, claim) => (data.subjects[section.id] || [])
    .some((one) => data.claims[one[0]] === claim && loud.has(one[1]));
  const verdicts = [...document.querySelectorAll("[data-verdict]")].filter((part) => part.tagName === "BUTTON");
  const pressed = () => verdicts.filter((one) => one.getAttribute("aria-pressed") === "true").map((one) => one.dataset.verdict);

  const filter = () => {
    const words = find("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const spec = find("spec").value, claim = find("claim").value, wanted = pressed();
    let count = 0;
    for (const section of sections) {
      const passes = (!spec || section.dataset.spec === spec)
        && (!wanted.length || wanted.includes(section.dataset.verdict))
        && (!claim || breaks(section, claim))
        && (!words.length || words.every((word) => textOf(section).includes(word)));
      if (section.hidden === passes) section.hidden = !passes;
      const row = rows.get(section.id);
      if (row && row.hidden === passes) row.hidden = !passes;
      count += passes;
    }
    const all = !words.length && !spec && !claim && !wanted.length;
    find("count").textContent = all ? "" : `${count.toLocaleString("en")} of ${sections.length.toLocaleString("en")} subjects`;
    find("nothing").hidden = count > 0;
  };
  const clear = () => {
    find("text").value = find("spec").value = find("claim").value = "";
    verdicts.forEach((one) => one.setAttribute("aria-pressed", "false"));
    filter();
  };
  if (find("text")) {
    let waiting = 0;
    find("text").addEventListener("input", () => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(filter);
    });
    find("spec").addEventListener("change", filter);
    find("claim").addEventListener("change", filter);
    find("text").form.addEventListener("submit", (event) => event.preventDefault());
    verdicts.forEach((one) => one.addEventListener("click", () => {
      one.setAttribute("aria-pressed", String(one.getAttribute("aria-pressed") !== "true"));
      filter();
    }));
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
      if (event.key === "/" && !typing) { event.preventDefault(); find("text").focus(); }
      if (event.key === "Escape") clear();
    });
  }

  if (find("quiet")) find("quiet").addEventListener("change", (event) => {
    find("matrix").classList.toggle("few", !event.target.checked);
  });

  // The map of a live model: what a search does not mean is hidden, the way to what it does open.
  for (const map of document.querySelectorAll(".map")) {
    const box = map.querySelector("input"), none = map.querySelector(".none");
    const nodes = [...map.querySelectorAll("li")].reverse(); // what is below a node comes first
    const way = new Set(map.querySelectorAll("details[open]"));
    box.addEventListener("input", () => {
      const wanted = box.value.trim().toLowerCase();
      for (const node of nodes) {
        const fold = node.querySelector(":scope > details");
        const below = fold && fold.querySelector(":scope > ul > li:not([hidden])") !== null;
        node.hidden = Boolean(wanted) && !below && !node.dataset.path.includes(wanted);
        if (fold) fold.open = wanted ? below : way.has(fold);
      }
      none.hidden = nodes.some((node) => !node.hidden);
    });
  }

  // Sections that wait in a template become elements when they are opened.
  document.addEventListener("toggle", (event) => {
    const waiting = event.target.matches("details.subject") && event.target.querySelector(":scope > template");
    if (waiting) waiting.replaceWith(waiting.content);
  }, true);

  // A link to something that is folded or filtered away shows it.
  const reveal = () => {
    const place = location.hash.length > 1 && find(decodeURIComponent(location.hash.slice(1)));
    if (!place) return;
    const section = place.closest("details.subject");
    if (section) {
      if (section.hidden) clear();
      section.open = true;
    }
    // Sections that were not drawn yet have guessed heights: once more when they are drawn.
    place.scrollIntoView();
    requestAnimationFrame(() => requestAnimationFrame(() => place.scrollIntoView()));
  };
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) reveal();
  });
  reveal();

  // Every claim of a subject: made when it is asked for, as text, never as markup.
  const made = (tag, text, inside = []) => {
    const part = document.createElement(tag);
    if (text) part.textContent = text;
    part.append(...inside);
    return part;
  };
  const scoped = (text, scope) => Object.assign(made("th", text), { scope });
  const wordy = (text) => Object.assign(made("td", text), { className: "word" });
  document.addEventListener("toggle", (event) => {
    const list = event.target;
    if (!list.matches || !list.matches("details.claims") || !list.open || list.dataset.filled) return;
    list.dataset.filled = "yes";
    const lines = (data.subjects[list.dataset.id] || []).map(([claim, status, text]) =>
      made("tr", "", [scoped(data.claims[claim], "row"), wordy(status), wordy(data.texts[text])]));
    const head = made("thead", "", [made("tr", "", ["claim", "status", "message"].map((name, number) =>
      Object.assign(scoped(name, "col"), { className: number ? "word" : "" })))]);
    const table = made("table", "", [head, made("tbody", "", lines)]);
    table.className = "numbers";
    list.querySelector("p").replaceWith(Object.assign(made("div", "", [table]), { className: "scroll" }));
  }, true);

  // Copy a command.
  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = made("textarea", text);
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    await copied(button.previousElementSibling.textContent);
    button.textContent = "copied";
    say("copied");
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });

  // On paper everything that is wrong stands open.
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details.subject:not(.conforms, .variant), details.data").forEach((one) => { one.open = true; });
  });
})();
